// What the person in front of a matrix-js-sdk client can do. What they see is in view.mjs.
import { sdk } from "./sdk.mjs";
import { View } from "./view.mjs";

const INITIAL_SYNC_EVENTS = 10;
const TYPING_MS = 20_000;

export class Person extends View {
    constructor(baseUrl) {
        super();
        this.baseUrl = baseUrl;
        this.client = sdk.createClient({ baseUrl });
        /** What else the client of somebody who has logged in is made with. */
        this.clientOptions = {};
    }

    async register(username, password) {
        const request = { username, password, initial_device_display_name: "js-sdk", inhibit_login: true };
        // A real client asks first and learns from the refusal which stages the server wants.
        const refusal = await this.client.registerRequest(request).then(
            () => { throw new Error("registered without any authentication"); },
            (error) => error,
        );
        if (refusal.httpStatus !== 401) throw refusal;
        const { session, flows } = refusal.data;
        if (!flows.some(({ stages }) => stages.length === 1 && stages[0] === "m.login.dummy")) {
            throw new Error(`no flow of the dummy stage alone: ${JSON.stringify(flows)}`);
        }
        const { user_id } = await this.client.registerRequest({ ...request, auth: { type: "m.login.dummy", session } });
        return user_id;
    }

    async login(user, password) {
        const identifier = { type: "m.id.user", user };
        const device = { initial_device_display_name: "js-sdk" };
        const answer = await this.client.loginRequest({ type: "m.login.password", identifier, password, ...device });
        this.client = sdk.createClient({
            baseUrl: this.baseUrl,
            userId: answer.user_id,
            deviceId: answer.device_id,
            accessToken: answer.access_token,
            timelineSupport: true,
            ...this.clientOptions,
        });
        return { user_id: answer.user_id, device_id: answer.device_id };
    }

    /** Begins to sync as Element does: members on demand, threads apart. */
    async start() {
        const prepared = new Promise((resolve, reject) => {
            const listen = (state, _previous, data) => {
                if (state === "PREPARED") resolve();
                else if (state === "ERROR") reject(data?.error ?? new Error("the initial sync failed"));
                else return;
                this.client.off("sync", listen);
            };
            this.client.on("sync", listen);
        });
        await this.client.startClient({
            initialSyncLimit: INITIAL_SYNC_EVENTS,
            lazyLoadMembers: true,
            threadSupport: true,
            // One's own messages take their place in the timeline when the server echoes them, not when they are typed.
            pendingEventOrdering: sdk.PendingEventOrdering.Detached,
        });
        await prepared;
    }

    async stop() {
        this.client.stopClient();
    }

    async logout() {
        await this.client.logout(true);
    }

    async whoami() {
        return (await this.client.whoami()).user_id;
    }

    async create_room({ name, topic, alias, open, encrypted }) {
        const encryption = { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } };
        const { room_id } = await this.client.createRoom({
            name,
            topic,
            room_alias_name: alias ?? undefined,
            preset: open ? "public_chat" : "private_chat",
            visibility: open ? "public" : "private",
            initial_state: encrypted ? [encryption] : [],
        });
        return room_id;
    }

    async invite(room, user) {
        await this.client.invite(room, user);
    }

    async join(roomOrAlias) {
        return (await this.client.joinRoom(roomOrAlias)).roomId;
    }

    async leave(room) {
        await this.client.leave(room);
    }

    async kick(room, user, reason) {
        await this.client.kick(room, user, reason);
    }

    async ban(room, user, reason) {
        await this.client.ban(room, user, reason);
    }

    async unban(room, user) {
        await this.client.unban(room, user);
    }

    async set_power(room, user, level) {
        await this.client.setPowerLevel(room, user, level);
    }

    async send_text(room, body) {
        return this.#sent(room, this.client.sendTextMessage(room, body));
    }

    async send_image(room, name, base64, w, h) {
        const image = new Blob([Buffer.from(base64, "base64")], { type: "image/png" });
        const { content_uri } = await this.client.uploadContent(image, { name });
        const info = { mimetype: image.type, size: image.size, w, h };
        return this.#sent(room, this.client.sendMessage(room, { msgtype: "m.image", body: name, url: content_uri, info }));
    }

    async reply(room, event, body) {
        const relation = { "m.relates_to": { "m.in_reply_to": { event_id: event } } };
        return this.#sent(room, this.client.sendMessage(room, { msgtype: "m.text", body, ...relation }));
    }

    async edit(room, event, body) {
        const text = { msgtype: "m.text", body };
        const content = {
            msgtype: "m.text",
            body: `* ${body}`,
            "m.new_content": text,
            "m.relates_to": { rel_type: "m.replace", event_id: event },
        };
        return this.#sent(room, this.client.sendMessage(room, content));
    }

    async react(room, event, key) {
        const content = { "m.relates_to": { rel_type: "m.annotation", event_id: event, key } };
        return this.#sent(room, this.client.sendEvent(room, "m.reaction", content));
    }

    async redact(room, event, reason) {
        return this.#sent(room, this.client.redactEvent(room, event, undefined, { reason }));
    }

    async set_typing(room, typing) {
        await this.client.sendTyping(room, typing, TYPING_MS);
    }

    async read(room, event) {
        await this.client.sendReadReceipt(this.client.getRoom(room).findEventById(event));
    }

    async set_display_name(name) {
        await this.client.setDisplayName(name);
    }

    async set_presence(presence, status_msg) {
        await this.client.setPresence({ presence, status_msg });
    }

    async set_account_data(type, content) {
        await this.client.setAccountData(type, content);
    }

    async set_tag(room, tag, order) {
        await this.client.setRoomTag(room, tag, { order });
    }

    async search_directory(term) {
        const answer = await this.client.publicRooms({ limit: 20, filter: { generic_search_term: term } });
        return answer.chunk.map(({ room_id, name, num_joined_members }) => ({ room_id, name, num_joined_members }));
    }

    /** Scrolls up to the beginning of the room and tells what was read on the way, oldest first. */
    async history(room, pageEvents) {
        const scrolled = this.client.getRoom(room);
        let pages = 0;
        while (scrolled.oldState.paginationToken !== null && pages < 100) {
            await this.client.scrollback(scrolled, pageEvents);
            pages += 1;
        }
        const events = scrolled.getLiveTimeline().getEvents();
        return events.map((event) => ({ event_id: event.getId(), type: event.getType(), body: event.getContent().body ?? null }));
    }

    /** The id of the event that was sent; what was refused is taken off the screen again, as a person would do. */
    async #sent(room, sending) {
        try {
            return (await sending).event_id;
        } catch (error) {
            for (const event of this.client.getRoom(room).getPendingEvents()) {
                if (event.status === sdk.EventStatus.NOT_SENT) this.client.cancelPendingEvent(event);
            }
            throw error;
        }
    }
}
