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
      // Thai stacks vowels and tone marks above and below its letters, so every
      // size has more room between its lines than Latin letters would need.
      fontSize: {
        xs: ["0.75rem", "1.6"],
        sm: ["0.875rem", "1.65"],
        base: ["1rem", "1.75"],
        lg: ["1.125rem", "1.6"],
        xl: ["1.25rem", "1.5"],
        "2xl": ["1.5rem", "1.45"],
      },
      fontFamily: {
        sans: ["Noto Sans Thai Variable", "Noto Sans Thai", "system-ui", "sans-serif"],
      },
    },
  },
};
