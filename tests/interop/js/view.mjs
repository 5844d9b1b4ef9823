// What a matrix-js-sdk client shows its person: everything is read from the client's own store as sync filled it, except the
// member list, which a client with members on demand loads when somebody looks at it.
import { sdk } from "./sdk.mjs";

export class View {
    async rooms() {
        const rooms = { joined: [], invited: [], left: [] };
        for (const room of this.client.getRooms()) {
            const membership = room.getMyMembership();
            if (membership === "join") rooms.joined.push(room.roomId);
            else if (membership === "invite") rooms.invited.push(room.roomId);
            else rooms.left.push(room.roomId);
        }
        return rooms;
    }

    async room(id) {
        const room = this.client.getRoom(id);
        if (!room) return null;
        const topic = room.currentState.getStateEvents("m.room.topic", "");
        return {
            name: room.name,
            topic: topic?.getContent().topic ?? null,
            alias: room.getCanonicalAlias(),
            unread: room.getUnreadNotificationCount(),
            tags: Object.fromEntries(Object.entries(room.tags).map(([tag, { order }]) => [tag, order ?? null])),
        };
    }

    async message(id, event_id) {
        const room = this.client.getRoom(id);
        const event = room?.findEventById(event_id);
        if (!event) return null;
        return {
            sender: event.getSender(),
            body: event.getContent().body ?? null,
            edited: event.replacingEventId() !== undefined,
            redacted: event.isRedacted(),
            encrypted: event.isEncrypted(),
            reply_to: event.replyEventId ?? null,
            reactions: reactionsOf(room, event_id),
        };
    }

    async members(id) {
        const room = this.client.getRoom(id);
        if (!room) return {};
        await room.loadMembersIfNeeded();
        const members = {};
        for (const { userId, membership, rawDisplayName, powerLevel } of room.getMembers()) {
            members[userId] = { membership, name: rawDisplayName, power: powerLevel };
        }
        return members;
    }

    async typing(id) {
        const room = this.client.getRoom(id);
        return room ? room.getMembers().filter(({ typing }) => typing).map(({ userId }) => userId) : [];
    }

    /** How far a person has read, as far as this client was told by the server. */
    async read_up_to(id, user) {
        return this.client.getRoom(id)?.getReadReceiptForUserId(user, true)?.eventId ?? null;
    }

    async presence(user) {
        const found = this.client.getUser(user);
        return found ? { presence: found.presence, status_msg: found.presenceStatusMsg ?? null } : null;
    }

    async account_data(type) {
        return this.client.getAccountData(type)?.getContent() ?? null;
    }
}

function reactionsOf(room, event_id) {
    const { Annotation } = sdk.RelationType;
    const relations = room.relations.getChildEventsForEvent(event_id, Annotation, sdk.EventType.Reaction);
    const reactions = {};
    for (const [key, events] of relations?.getSortedAnnotationsByKey() ?? []) {
        if (events.size > 0) reactions[key] = events.size;
    }
    return reactions;
}
