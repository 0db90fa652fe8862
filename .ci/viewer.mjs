// Checks the viewer's page in a browser: `node viewer.mjs BINARIES FILE [PICTURES]`.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [binaries, file, pictures] = process.argv.slice(2);
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
/// Where a trace of ten thousand spans is scrolled, half of the frames come within this, and nearly all within the other.
const FRAME_MEDIAN_MILLIS = 34;
const FRAME_P95_MILLIS = 100;

let checks = 0;

async function check(what, run) {
  const note = await run();
  checks += 1;
  console.log(`  ${checks}. ${what}${note ? `: ${note}` : ""}`);
}

/// Starts a program and gives it with the address its first line names.
async function started(program, ...args) {
  const child = spawn(`${binaries}/${program}`, args, { stdio: ["pipe", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    const address = line.match(/http:\/\/\S+/)?.[0];
    if (address) return { child, address: address.replace(/\/$/, "") };
  }
  throw new Error(`${program} ended before it said where it listens`);
}

const shop = await started("examples/showcase");
const view = await started("telemetry", "view", file, "--port", "0");
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, colorScheme: "light", reducedMotion: "reduce" });
const page = await context.newPage();
const complaints = [];
page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
page.on("console", (message) => message.type() === "error" && !message.text().includes("status of 4") && complaints.push(`console: ${message.text()}`));
const asked = new Set();
page.on("request", (request) => asked.add(new URL(request.url()).origin));

const make = (line) => shop.child.stdin.write(`${line}\n`);
const api = async (path) => (await fetch(`${shop.address}/api/${path}`)).json();
const rows = page.locator(".trace-row");
const spans = page.locator(".row");
const chosen = page.locator(".row[aria-selected=true]");
const picture = (name) => pictures && page.screenshot({ path: `${pictures}/${name}.png` });
const wide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

/// Waits for what the page comes to show.
async function until(what, holds) {
  const end = Date.now() + 15_000;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `${what} did not come`);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

async function openTrace(search) {
  await page.goto(`${shop.address}#/traces?q=${encodeURIComponent(search)}`);
  await page.reload();
  await rows.first().click();
  await spans.first().waitFor();
}

try {
  await check("an empty viewer says what to expect", async () => {
    await page.goto(shop.address);
    await page.getByText("No traces yet").waitFor();
    assert.equal(await page.title(), "Traces · Telemetry");
  });
  await check("traces come without a reload", async () => {
    make("shop 21");
    await until("the traces", async () => (await rows.count()) === 21);
    await picture("traces");
  });
  await check("the first row is the latest, with its duration and status", async () => {
    const [latest] = (await api("traces?limit=1")).traces;
    const text = await rows.first().innerText();
    assert.ok(text.includes(latest.name) && text.includes(String(latest.http_status)), text);
    assert.match(text, /\d+(\.\d+)? (µs|ms)/);
  });
  await check("a search by keyboard finds those that failed", async () => {
    await page.keyboard.press("/");
    await page.keyboard.type("status:error");
    const failed = (await api("traces?q=status:error")).traces.length;
    assert.ok(failed > 0);
    await until("the failed ones", async () => (await rows.count()) === failed);
    assert.equal(await page.locator(".trace-row .said").count(), failed);
    assert.match(page.url(), /q=status%3Aerror/);
  });
  await check("a search that is wrong says what is accepted", async () => {
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.locator(".search input").fill("duration>soon");
    await page.getByText("expected a number with a unit").waitFor();
    await page.locator(".search input").fill("nothing of the kind");
    await page.getByText("No trace matches").waitFor();
  });
  await check("errors and the slowest come first when asked", async () => {
    await page.locator(".search .clear").click();
    await page.getByRole("radio", { name: "Errors first" }).click();
    await until("an error at the top", async () => (await rows.first().locator(".failures .badge").count()) === 1);
    await page.getByRole("radio", { name: "Slowest" }).click();
    const [slowest] = (await api("traces?order=slowest&limit=1")).traces;
    await until("the slowest", async () => (await rows.first().getAttribute("href")).includes(slowest.trace_id));
    await page.getByRole("radio", { name: "Recent" }).click();
  });
  await check("the list is walked and a trace opened by keyboard, with a ring about what has the focus", async () => {
    await page.locator("#main").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("j");
    assert.equal(await page.evaluate(() => [...document.querySelectorAll(".trace-row")].indexOf(document.activeElement)), 1);
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "none");
    await page.keyboard.press("Enter");
    await spans.first().waitFor();
  });
  await check("a trace is a tree: folded, unfolded and walked by keyboard", async () => {
    await openTrace("status:error");
    const all = await spans.count();
    assert.deepEqual(await spans.evaluateAll((found) => found.map((row) => row.getAttribute("aria-level"))), ["1", "2", "2", "3", "3", "2", "2"]);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowLeft");
    await until("the folded tree", async () => (await spans.count()) === 1);
    assert.equal(await chosen.getAttribute("aria-expanded"), "false");
    await page.keyboard.press("ArrowRight");
    await until("the unfolded tree", async () => (await spans.count()) === all);
    await page.keyboard.press("End");
    assert.ok((await chosen.innerText()).includes("render"));
  });
  await check("the next error is selected and its message shown", async () => {
    await page.keyboard.press("Home");
    await page.keyboard.press("e");
    await page.locator(".detail .fault pre").getByText("the card was declined").waitFor();
    assert.ok((await chosen.innerText()).includes("payment.charge"));
    await page.locator(".detail").getByText("retry").waitFor();
    await picture("trace");
  });
  await check("the critical path is shown and hidden, and covers the whole trace", async () => {
    const trace = await api(`traces/${page.url().match(/[0-9a-f]{32}/)[0]}`);
    const covered = trace.rows.flatMap((row) => row.critical).reduce((sum, [from, to]) => sum + to - from, 0);
    assert.equal(covered, trace.summary.duration_nanos);
    assert.ok((await page.locator(".row .critical").count()) > 0);
    await page.keyboard.press("c");
    await until("no path", async () => (await page.locator(".row .critical").count()) === 0);
    await page.keyboard.press("c");
  });
  await check("the ruler's marks stand in even steps", async () => {
    const units = { ns: 1, "µs": 1e3, ms: 1e6, s: 1e9 };
    const marks = await page.locator(".ruler .times span").evaluateAll((found) => found.map((mark) => mark.textContent));
    const nanos = marks.map((mark) => (mark === "0" ? 0 : parseFloat(mark) * units[mark.split(" ")[1]]));
    assert.ok(nanos.length >= 3, `${marks}`);
    const beyond = await page.locator(".ruler .times").evaluate((times) => times.scrollWidth - times.clientWidth);
    assert.ok(beyond <= 0, `${marks}: the last is cut by ${beyond} pixels`);
    for (let at = 2; at < nanos.length; at += 1) {
      assert.ok(Math.abs(nanos[at] - nanos[at - 1] - nanos[1]) <= nanos[1] * 0.02, `${marks}`);
    }
  });
  await check("an address leads to a span, and Escape back to the list", async () => {
    assert.match(page.url(), /span=[0-9a-f]{16}/);
    await page.reload();
    await page.locator(".detail .fault").waitFor();
    await page.keyboard.press("Escape");
    await until("closed details", async () => !(await page.locator(".detail").isVisible()));
    await page.keyboard.press("Escape");
    await rows.first().waitFor();
  });
  await check("hostile names and values are text", async () => {
    make("hostile");
    await openTrace("onerror");
    assert.equal(await page.locator("h1").innerText(), "<img src=x onerror=alert(1)>");
    await page.keyboard.press("ArrowDown");
    await page.locator(".detail").getByText("</script><script>document.title='owned'</script>").first().waitFor();
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.locator(".detail h2").innerText(), "\\u{202e}gnirts dehcaer");
    assert.equal(await page.locator("main img, main script, main b:has(*)").count(), 0);
    assert.ok(!(await page.title()).startsWith("owned"));
  });
  await check("ten thousand spans are there at once, few of them as elements", async () => {
    make("deep 10000");
    await until("the trace", async () => (await api("traces?q=inventory")).traces[0]?.spans === 10_000);
    const begun = Date.now();
    await openTrace("inventory");
    const shown = Date.now() - begun;
    assert.equal(await page.locator(".rows").getAttribute("aria-rowcount"), "10000");
    assert.ok((await spans.count()) < 80, `${await spans.count()} elements`);
    return `shown after ${shown} ms, ${await spans.count()} elements`;
  });
  await check("they are scrolled without stutter", async () => {
    const frames = await page.evaluate(async () => {
      const tree = document.querySelector(".rows");
      const took = [];
      let before = await new Promise(requestAnimationFrame);
      for (let frame = 0; frame < 180; frame += 1) {
        tree.scrollTop += frame % 10 === 9 ? 20_000 : 700;
        const now = await new Promise(requestAnimationFrame);
        took.push(now - before);
        before = now;
      }
      return took.sort((a, b) => a - b);
    });
    const [median, p95] = [frames[90], frames[171]];
    assert.ok(median <= FRAME_MEDIAN_MILLIS && p95 <= FRAME_P95_MILLIS, `median ${median} ms, p95 ${p95} ms`);
    assert.ok((await spans.count()) > 10, "rows are in sight after scrolling");
    return `a frame took ${median.toFixed(1)} ms (median), ${p95.toFixed(1)} ms (95th percentile), ${frames.at(-1).toFixed(1)} ms at most`;
  });
  await check("their end, errors and matches are a key away", async () => {
    await page.locator(".rows").focus();
    await page.keyboard.press("End");
    await page.locator(".detail h2").getByText("shelf 9999").waitFor();
    await page.keyboard.press("e");
    await page.locator(".detail h2").getByText("shelf 997").waitFor();
    await page.locator(".trace-tools input").fill("shelf 4242");
    await page.keyboard.press("Enter");
    await page.locator(".detail h2").getByText("shelf 4242").waitFor();
    assert.ok(await chosen.isVisible());
    await picture("ten-thousand");
  });
  await check("time is zoomed by key and by dragging", async () => {
    await page.locator(".rows").focus();
    await page.keyboard.press("+");
    await page.getByText(/ to .* (µs|ms)/).first().waitFor();
    await page.keyboard.press("0");
    const box = await page.locator(".overview canvas").boundingBox();
    await page.mouse.move(box.x + box.width * 0.25, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 20, { steps: 5 });
    await page.mouse.up();
    await page.getByRole("button", { name: "Whole trace" }).waitFor();
  });
  await check("metrics are plotted, filtered and read by key", async () => {
    await page.goto(`${shop.address}#/metrics`);
    await page.locator(".card .plot path").first().waitFor({ state: "attached" });
    await page.getByLabel("Filter by name").fill("shop_books");
    await until("one card", async () => (await page.locator(".card").count()) === 1);
    await page.locator(".card .now b").getByText("1\u202f204").waitFor();
    await page.locator(".plot").focus();
    await page.keyboard.press("ArrowLeft");
    assert.match(await page.locator(".card .now small").innerText(), /^\d\d:\d\d:\d\d/);
    await page.getByLabel("Filter by name").fill("");
    await page.locator(".card").nth(3).waitFor();
    await picture("metrics");
  });
  await check("health says that all is well, and what each sink got", async () => {
    await page.keyboard.press("Escape");
    await page.keyboard.press("3");
    await page.getByText("All is well").waitFor();
    const row = await page.locator(".table tbody tr").first().innerText();
    assert.match(row, /^viewer\s*running\s+10.\d\d\d\s+0\s+0\s+0/);
    await picture("health");
  });
  await check("dark follows the system and the button, readable in both", async () => {
    const look = () => page.evaluate(() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]);
    const luminance = (color) => {
      const [r, g, b] = color.match(/\d+/g).slice(0, 3).map((part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = ([one, other]) => {
      const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
      return (light + 0.05) / (dark + 0.05);
    };
    const light = await look();
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = await look();
    assert.ok(luminance(light[0]) > 0.8 && luminance(dark[0]) < 0.05, `${light[0]} and ${dark[0]}`);
    for (const pair of [light, dark]) assert.ok(contrast(pair) >= 7, `${pair}`);
    await picture("health-dark");
    await page.keyboard.press("t");
    assert.deepEqual(await look(), light);
    await page.keyboard.press("t");
    await page.keyboard.press("t");
    assert.deepEqual(await look(), dark);
  });
  await check("nothing is wider than a phone", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const hash of ["#/traces", "#/metrics", "#/health", `#/traces/${(await api("traces?limit=1")).traces[0].trace_id}`]) {
      await page.goto(`${shop.address}${hash}`);
      await page.locator(".trace-row, .card, .tile, .row").first().waitFor();
      assert.ok((await wide()) <= 0, `${hash} is ${await wide()} pixels too wide`);
    }
    await picture("narrow-dark");
    await page.setViewportSize({ width: 1360, height: 860 });
  });
  await check("every button says what it does", async () => {
    const nameless = await page.evaluate(() => [...document.querySelectorAll("button")].filter((button) => !(button.innerText.trim() || button.ariaLabel)).length);
    assert.equal(nameless, 0);
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("Critical path").waitFor();
    await page.keyboard.press("Escape");
  });
  await check("a file shows traces over two services", async () => {
    await page.goto(`${view.address}#/traces?q=${encodeURIComponent("service:inventory service:bookstore")}`);
    await rows.first().waitFor();
    assert.equal(await rows.first().locator(".service").count(), 2);
    await rows.first().click();
    await spans.first().waitFor();
    const hues = await spans.evaluateAll((found) => new Set(found.map((row) => row.style.getPropertyValue("--hue"))).size);
    assert.equal(hues, 2);
    const marks = await page.locator(".ruler .times span").allTextContents();
    assert.equal(new Set(marks).size, marks.length, `${marks}`);
    await picture("two-services-dark");
    await page.goto(`${view.address}#/metrics`);
    await page.locator(".card h2").getByText("http_requests_total").waitFor();
  });
  await check("when the service stops the page says so, and keeps what it shows", async () => {
    await page.goto(shop.address);
    await rows.first().waitFor();
    await page.locator("#live[data-state=live]").waitFor();
    shop.child.stdin.end();
    await page.locator("#live[data-state=lost], #live[data-state=ended]").first().waitFor();
    assert.ok((await rows.count()) > 20);
  });
  await check("the page asked nobody else, and the browser had nothing to complain of", async () => {
    assert.deepEqual([...asked].sort(), [shop, view].map(({ address }) => new URL(address).origin).sort());
    // Nobody answers after the end of the service.
    assert.deepEqual(complaints.filter((complaint) => !complaint.includes("ERR_")), []);
  });
  console.log(`${checks} passed, 0 failed`);
} finally {
  await browser.close();
  shop.child.stdin.end();
  view.child.kill("SIGINT");
}
