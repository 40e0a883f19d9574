// Lists whose rows have buttons: the server draws them, this hands on what is pressed.
(() => {
  const MILLISECONDS_ARMED = 4000;

  // A dangerous button wants a second press within a few seconds.
  function arm(button) {
    const before = button.textContent;
    button.dataset.armed = "";
    button.textContent = button.dataset.sure;
    setTimeout(() => {
      delete button.dataset.armed;
      button.textContent = before;
    }, MILLISECONDS_ARMED);
  }

  window.richspeech.listing = (element, props, watch, trigger, events) => {
    const place = element.querySelector(".listing");

    // What is drawn anew keeps the keyboard where it was, what was unfolded, and a press half made.
    function draw() {
      const active = place.contains(document.activeElement) && document.activeElement.dataset.key;
      const open = [...place.querySelectorAll("details[open]")].map((each) => each.dataset.key);
      const armed = [...place.querySelectorAll("[data-armed]")].map((each) => each.dataset.key);
      place.innerHTML = props.value || "";
      const find = (key) => place.querySelector(`[data-key="${CSS.escape(key)}"]`);
      for (const key of open) find(key)?.setAttribute("open", "");
      for (const key of armed) if (find(key)) arm(find(key));
      if (active) find(active)?.focus();
    }

    place.addEventListener("click", (event) => {
      const button = event.target.closest("[data-press]");
      if (!button || !events.includes(button.dataset.press)) return;
      if (button.dataset.sure && !("armed" in button.dataset)) arm(button);
      else trigger(button.dataset.press, { id: button.dataset.id });
    });
    watch("value", draw);
    draw();
  };
})();
