// The page on which Hydrogen runs: the whole application, as its makers put it together in their own.
// `config` is set by the server of the page, hydrogen.mjs.
import { FeatureSet, Platform, RootViewModel, createNavigation, createRouter } from "hydrogen-view-sdk";

const platform = new Platform({
    container: document.body,
    config: window.config,
    assetPaths: {
        downloadSandbox: "/assets/download-sandbox.html",
        worker: "/assets/main.js",
        olm: { wasm: "/olm/olm.wasm", legacyBundle: "/olm/olm_legacy.js", wasmBundle: "/olm/olm.js" },
        serviceWorker: "/sw.js",
    },
    options: { development: true },
});
const navigation = createNavigation();
platform.setNavigation(navigation);
await platform.init();
const urlRouter = createRouter({ navigation, history: platform.history });
urlRouter.attach();
const features = await FeatureSet.load(platform.settingsStorage);
const app = new RootViewModel({ platform, navigation, urlRouter, features });
await app.load();
platform.createAndMountRootView(app);
