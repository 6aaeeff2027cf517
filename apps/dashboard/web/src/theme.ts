export type Theme = "light" | "dark" | "system";

const KEY = "sidetone-theme";

export const chosenTheme = (): Theme => {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
};

const systemDark = matchMedia("(prefers-color-scheme: dark)");

export const isDark = (): boolean => {
  const theme = chosenTheme();
  return theme === "dark" || (theme === "system" && systemDark.matches);
};

function apply(): void {
  document.documentElement.classList.toggle("dark", isDark());
  dispatchEvent(new Event("sidetone-theme"));
}

export function chooseTheme(theme: Theme): void {
  if (theme === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  apply();
}

systemDark.addEventListener("change", apply);
apply();
