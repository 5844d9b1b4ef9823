// A person with Hydrogen in a browser: they type, click and read what the page shows, and nothing else.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { load } from "./sdk.mjs";

const modules = join(process.env.INTEROP_NODE, "node_modules");
const FOLDERS = {
    "/assets/": join(modules, "hydrogen-view-sdk/asset-build/assets"),
    "/olm/": join(modules, "@matrix-org/olm"),
    "/sw.js": join(modules, "hydrogen-view-sdk/lib-build/sw.js"),
};
const TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
};
const VIEWPORT = { width: 1100, height: 700 };
const SHOWN_WITHIN_MS = 60_000;

export class Person {
    constructor(baseUrl) {
        this.baseUrl = baseUrl;
    }

    async login(user, password) {
        await this.#open();
        await this.#type("#username", user);
        await this.#type("#password", password);
        await this.#click("form button[type=submit]");
        await this.page.waitForSelector(".RoomList");
        const [device] = await this.page.evaluate(() => Object.values(JSON.parse(localStorage.getItem("hydrogen_sessions_v1"))));
        return { user_id: device.userId, device_id: device.deviceId };
    }

    /** Nothing of the browser is left behind. */
    async dispose() {
        await this.browser?.close();
        this.server?.close();
        if (this.profile) await rm(this.profile, { recursive: true, force: true });
    }

    async reload() {
        await this.page.reload();
        await this.page.waitForSelector(".RoomList");
    }

    async picture(path) {
        await this.page.screenshot({ path });
    }

    /** What the list of rooms shows: their names and how many messages in them are unread. */
    async rooms() {
        return this.page.$$eval(".RoomList li:not(.hidden)", (rooms) =>
            rooms.map((room) => ({
                name: room.querySelector(".name").textContent,
                badge: room.querySelector(".badge:not(.hidden)")?.textContent ?? "",
            })),
        );
    }

    async open_room(name) {
        await this.#click(`.RoomList ::-p-text(${name})`);
        await this.page.waitForFunction(
            (name) => document.querySelector("main .room-description h2")?.textContent === name,
            { timeout: SHOWN_WITHIN_MS },
            name,
        );
    }

    async accept_invite(name) {
        await this.open_room(name);
        await this.#click(".InviteView_buttonRow button.primary:not(.destructive)");
        await this.page.waitForSelector(".MessageComposer_input textarea");
    }

    async send_text(body) {
        await this.#type(".MessageComposer_input textarea", body);
        await this.page.keyboard.press("Enter");
    }

    /** What the composer invites its person to do: it tells whether the room is encrypted. */
    async composer() {
        return this.page.$eval(".MessageComposer_input textarea", (input) => input.placeholder);
    }

    /** What the open room shows, from the top. */
    async messages() {
        return this.page.$$eval(".Timeline_message", (messages) =>
            messages.map((message) => {
                const body = message.querySelector(".Timeline_messageBody").cloneNode(true);
                for (const time of body.querySelectorAll("time")) time.remove();
                const image = message.querySelector(".Timeline_messageBody img");
                const reactions = [...message.querySelectorAll(".Timeline_messageReactions button")];
                return {
                    event_id: message.dataset.eventId,
                    own: message.classList.contains("own"),
                    body: body.textContent.trim(),
                    image: image && image.complete ? [image.naturalWidth, image.naturalHeight] : null,
                    reactions: reactions.map((reaction) => reaction.textContent),
                };
            }),
        );
    }

    async #open() {
        this.server = createServer(await this.#site());
        await new Promise((listening) => this.server.listen(0, "127.0.0.1", listening));
        this.profile = await mkdtemp(join(tmpdir(), "kith-chromium-"));
        const { default: puppeteer } = await load("puppeteer-core");
        this.browser = await puppeteer.launch({
            executablePath: process.env.INTEROP_CHROMIUM,
            userDataDir: this.profile,
            defaultViewport: VIEWPORT,
            args: [
                // Chromium has no sandbox for root and in most containers; it is shown nothing but this page.
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        });
        [this.page] = await this.browser.pages();
        this.page.setDefaultTimeout(SHOWN_WITHIN_MS);
        this.page.on("console", (message) => console.error("page:", message.type(), message.text()));
        this.page.on("pageerror", (error) => console.error("page:", error));
        await this.page.goto(`http://127.0.0.1:${this.server.address().port}/`);
    }

    /** Answers the browser with the page, its one script, and what Hydrogen brings along. */
    async #site() {
        const { build } = await load("esbuild");
        const { outputFiles } = await build({
            entryPoints: [join(import.meta.dirname, "hydrogen-page.mjs")],
            nodePaths: [modules],
            bundle: true,
            format: "esm",
            write: false,
            // What libolm asks Node for, and no browser has.
            external: ["crypto", "fs", "path"],
        });
        const config = JSON.stringify({ defaultHomeServer: this.baseUrl });
        const page = `<!doctype html>
            <meta charset="utf-8">
            <title>Hydrogen</title>
            <link rel="stylesheet" href="/assets/theme-element-light.css">
            <body class="hydrogen">
            <script>window.config = ${config};</script>
            <script type="module" src="/page.js"></script>`;
        return async ({ url }, answer) => {
            const send = (type, body) => answer.writeHead(200, { "Content-Type": type }).end(body);
            const path = normalize(new URL(url, "http://page").pathname);
            // By the second name it is asked for by Hydrogen's service worker.
            if (path === "/" || path === "/index.html") return send("text/html", page);
            if (path === "/page.js") return send("text/javascript", outputFiles[0].contents);
            const folder = Object.keys(FOLDERS).find((folder) => path.startsWith(folder));
            try {
                const file = join(FOLDERS[folder], path.slice(folder.length));
                send(TYPES[extname(path)] ?? "application/octet-stream", await readFile(file));
            } catch {
                answer.writeHead(404).end();
            }
        };
    }

    async #type(selector, text) {
        const field = await this.page.waitForSelector(`${selector}:not([disabled])`);
        await field.click();
        await this.page.keyboard.type(text);
    }

    async #click(selector) {
        await this.page.locator(selector).click();
    }
}
