// Finds what is installed outside the work tree, in the directory that INTEROP_NODE names.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const installed = createRequire(join(process.env.INTEROP_NODE, "package.json"));

export const load = (name) => import(pathToFileURL(installed.resolve(name)).href);
export const sdk = await load("matrix-js-sdk");
