// Elements, made of properties and children. Text from outside goes in as textContent.
export function make(tag, properties = {}, ...children) {
  const { data, aria, role, ...own } = properties;
  const element = Object.assign(document.createElement(tag), own);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(aria ?? {})) element.setAttribute(`aria-${name}`, value);
  if (role) element.setAttribute("role", role);
  element.append(...children.filter((child) => child != null));
  return element;
}
