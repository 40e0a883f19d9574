// What somebody with Firefox does: firefox.js FIREFOX ADDRESS RECORDING.
// Prints as JSON what can be read on the page then, and where the player stands. Over WebDriver BiDi, which
// Debian's Firefox speaks itself; playwright wants a Firefox of its own.
import puppeteer from "puppeteer-core";

const LINES = "#transcript .line > p:first-child";

const [executablePath, address, recording] = process.argv.slice(2);
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath,
  extraPrefsFirefox: { "intl.accept_languages": "zh-CN" },
});
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(170_000);
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.goto(address);
  await page.waitForSelector("html[data-settled]");
  const file = await page.$("#file input[type=file]");
  await file.uploadFile(recording);
  await page.waitForSelector("#file .file-preview");
  await page.click("#start");
  await page.waitForFunction(() => document.querySelector("#transcript [data-copy]")?.checkVisibility());
  // biome-ignore lint/performance/useDomNodeTextContent: what people can read is asked
  const lines = await page.$$eval(LINES, (all) => all.map((each) => each.innerText));
  await page.waitForFunction(() => document.querySelector(".player audio").duration > 0);
  const second = await (await page.$$("#transcript .line"))[1].$("[data-seek]");
  await second.click();
  const player = await page.$eval(".player audio", (audio) => {
    return { duration: audio.duration, time: audio.currentTime, isShown: audio.checkVisibility() };
  });
  const start = Number(await second.evaluate((each) => each.dataset.seek));
  process.stdout.write(JSON.stringify({ lines, player, start, faults }));
} finally {
  await browser.close();
}
