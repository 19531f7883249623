/**
 * The colours are CSS variables, so that app.css can change them all for the
 * dark scheme in one place.
 *
 * @type {import("tailwindcss").Config}
 */
export default {
  content: ["./views/*.templ", "./static/src/*.js"],
  theme: {
    extend: {
      colors: {
        paper: "var(--paper)",
        card: "var(--card)",
        sunken: "var(--sunken)",
        ink: "var(--ink)",
        muted: "var(--muted)",
        line: "var(--line)",
        edge: "var(--edge)",
        accent: { DEFAULT: "var(--accent)", strong: "var(--accent-strong)", soft: "var(--accent-soft)" },
        danger: { DEFAULT: "var(--danger)", soft: "var(--danger-soft)" },
        warning: { DEFAULT: "var(--warning)", soft: "var(--warning-soft)" },
      },
      fontFamily: {
        sans: ["Noto Sans Thai Variable", "Noto Sans Thai", "system-ui", "sans-serif"],
      },
    },
  },
};
