// Runs one client on behalf of the scenario: one JSON request a line on stdin, one JSON answer a line on stdout.
//
// Usage: node agent.mjs <base url> <kind>. What a client of this kind can do is in <kind>.mjs; nothing here knows Matrix.
import { createInterface } from "node:readline";

// stdout belongs to the line protocol, so whatever the libraries say goes to stderr. This has to happen before they load.
for (const level of ["trace", "debug", "info", "log", "warn"]) {
    console[level] = (...words) => console.error(...words);
}

const [baseUrl, kind] = process.argv.slice(2);
const { Person } = await import(`./${kind}.mjs`);
const person = new Person(baseUrl);

async function answer(line) {
    const { id, op, args } = JSON.parse(line);
    try {
        const result = await person[op](...args);
        return { id, result: result ?? null };
    } catch (error) {
        const { message, errcode, httpStatus } = error;
        return { id, error: { message: String(message), errcode: errcode ?? null, status: httpStatus ?? null } };
    }
}

// Requests run side by side, as the taps of a person would: a waiting one must not hold up the next.
createInterface({ input: process.stdin })
    .on("line", (line) => void answer(line).then((reply) => process.stdout.write(JSON.stringify(reply) + "\n")))
    .on("close", () => void Promise.resolve(person.dispose?.()).finally(() => process.exit(0)));
