import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["static/dist/", "e2e/axe/axe.min.js", "e2e/tusclient/client.cjs"] },
  js.configs.recommended,
  {
    files: ["static/src/*.js"],
    languageOptions: { globals: globals.browser },
  },
  {
    files: ["**/*.js"],
    ignores: ["static/src/*.js"],
    languageOptions: { globals: globals.node },
  },
  {
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
    },
  },
];
