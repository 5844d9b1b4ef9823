// Finds matrix-js-sdk, which is installed outside the work tree, in the directory that INTEROP_NODE names.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const installed = createRequire(join(process.env.INTEROP_NODE, "package.json"));
export const sdk = await import(pathToFileURL(installed.resolve("matrix-js-sdk")).href);
