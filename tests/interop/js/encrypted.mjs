// A person whose matrix-js-sdk client encrypts: their keys, their backup, and the comparing of emojis with others.
//
// The keys live in memory alone, so whoever logs in anew has only what the server kept for them.
import { Person as PlainPerson } from "./person.mjs";
import { load, sdk } from "./sdk.mjs";

const { CryptoEvent, VerificationPhase, VerifierEvent, decodeRecoveryKey } = await load("matrix-js-sdk/lib/crypto-api/index.js");

const SAS = "m.sas.v1";

export class Person extends PlainPerson {
    #password = "";
    #secretKey = null;
    #request = null;
    #verifier = null;
    #sas = null;

    constructor(baseUrl) {
        super(baseUrl);
        this.clientOptions = {
            cryptoCallbacks: {
                getSecretStorageKey: async ({ keys }) => this.#secretKey && [Object.keys(keys)[0], this.#secretKey],
                cacheSecretStorageKey: (_id, _info, key) => { this.#secretKey = key; },
            },
        };
    }

    get crypto() {
        return this.client.getCrypto();
    }

    async login(user, password) {
        const answer = await super.login(user, password);
        this.#password = password;
        this.client.on(CryptoEvent.VerificationRequestReceived, (request) => { this.#request = request; });
        await this.client.initRustCrypto({ useIndexedDB: false });
        return answer;
    }

    /** What Element does with a new account: cross-signing keys, kept in secret storage, and a backup. Tells the recovery key. */
    async set_up_keys() {
        await this.crypto.bootstrapCrossSigning({ authUploadDeviceSigningKeys: (upload) => this.#authenticated(upload) });
        const recovery = await this.crypto.createRecoveryKeyFromPassphrase();
        await this.crypto.bootstrapSecretStorage({
            createSecretStorageKey: async () => recovery,
            setupNewSecretStorage: true,
            setupNewKeyBackup: true,
        });
        return recovery.encodedPrivateKey;
    }

    /** On a new device: the private keys out of secret storage, and every room key out of the backup. */
    async recover(recoveryKey) {
        this.#secretKey = decodeRecoveryKey(recoveryKey);
        await this.crypto.bootstrapCrossSigning({ authUploadDeviceSigningKeys: (upload) => this.#authenticated(upload) });
        await this.crypto.loadSessionBackupPrivateKeyFromSecretStorage();
        await this.crypto.checkKeyBackupAndEnable();
        const { total, imported } = await this.crypto.restoreKeyBackup();
        return { total, imported };
    }

    async keys() {
        return {
            cross_signing: await this.crypto.isCrossSigningReady(),
            secret_storage: await this.crypto.isSecretStorageReady(),
            backup: await this.crypto.getActiveSessionBackupVersion(),
        };
    }

    /** The sessions of a room whose keys the server keeps for this person. */
    async backed_up(room) {
        const version = await this.crypto.getActiveSessionBackupVersion();
        const path = `/room_keys/keys/${encodeURIComponent(room)}`;
        const { sessions } = await this.client.http.authedRequest(sdk.Method.Get, path, { version });
        return Object.keys(sessions ?? {}).sort();
    }

    /** An event as the server has it. */
    async kept_by_the_server(room, event) {
        return this.client.fetchRoomEvent(room, event);
    }

    async devices(user) {
        const devices = (await this.crypto.getUserDeviceInfo([user], true)).get(user) ?? new Map();
        return [...devices.keys()].sort();
    }

    async trusts_user(user) {
        return (await this.crypto.getUserVerificationStatus(user)).isCrossSigningVerified();
    }

    async trusts_device(user, device) {
        return (await this.crypto.getDeviceVerificationStatus(user, device))?.crossSigningVerified ?? false;
    }

    /** Asks another person, in a room, or another device of one's own. */
    async ask_to_verify(user, room) {
        const own = user === this.client.getUserId();
        this.#begin(own ? await this.crypto.requestOwnUserVerification() : await this.crypto.requestVerificationDM(user, room));
    }

    async verification() {
        const request = this.#request;
        if (!request) return null;
        return { with: request.otherUserId, phase: VerificationPhase[request.phase], emojis: this.#sas?.sas.emoji ?? null };
    }

    async accept_verification() {
        this.#begin(this.#request);
        await this.#request.accept();
    }

    /** Begins to compare emojis. */
    async start_sas() {
        this.#compare(await this.#request.startVerification(SAS));
    }

    /** Follows the other side, which has begun. */
    async join_sas() {
        this.#compare(this.#request.verifier);
    }

    async confirm_sas() {
        await this.#sas.confirm();
    }

    #begin(request) {
        this.#request = request;
        this.#verifier = this.#sas = null;
    }

    #compare(verifier) {
        this.#verifier = verifier;
        verifier.on(VerifierEvent.ShowSas, (sas) => { this.#sas = sas; });
        this.#sas = verifier.getShowSasCallbacks();
        verifier.verify().catch((error) => console.error("verification", error));
    }

    /** Asks without a password first, as the server may not want one. */
    async #authenticated(upload) {
        try {
            return await upload(null);
        } catch (error) {
            if (error.httpStatus !== 401) throw error;
            const identifier = { type: "m.id.user", user: this.client.getUserId() };
            const { session } = error.data;
            return await upload({ type: "m.login.password", identifier, password: this.#password, session });
        }
    }
}
