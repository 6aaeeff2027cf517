/** Light and dark from one set of properties; each contender keeps its hue in every chart. */
export const HTML_STYLE = `
:root{color-scheme:light dark;--page:#fbfbf9;--card:#fff;--ink:#1d2125;--soft:#5d6670;--line:#dfe2e0;--grid:#ebedeb;
--ours:#0b6bcb;--ours-2:#5f9fdd;--timer:#8a6d1f;--timer-2:#b58a15;--timer-3:#d9ae3e;--always:#8d5aa8;--never:#6c7680;--silent:#a3abb2;--rival-1:#c2410c;--rival-2:#0f766e;
--good:#1a7f4b;--bad:#b3372b;--aim:#1a7f4b1f}
@media (prefers-color-scheme:dark){:root{--page:#14171a;--card:#1c2024;--ink:#e8eaec;--soft:#9aa4ae;--line:#31373d;--grid:#272c31;
--ours:#5aa9f5;--ours-2:#2f74b8;--timer:#a8862b;--timer-2:#cfa233;--timer-3:#e8c566;--always:#bd8ad8;--never:#98a3ad;--silent:#6d7780;--rival-1:#f2844d;--rival-2:#3fb8a9;
--good:#4fc183;--bad:#ee7d70;--aim:#4fc18326}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1180px;margin:0 auto;padding:32px 20px 80px}h1{font-size:28px;margin:0 0 4px;letter-spacing:-.01em}
h2{font-size:19px;margin:0 0 4px}h3{font-size:15px;margin:24px 0 8px}p{margin:0 0 16px;color:var(--soft);max-width:78ch}
header dl{display:flex;flex-wrap:wrap;gap:8px 28px;margin:0 0 8px}dt{font-size:12px;color:var(--soft)}dd{margin:0}
code{font:13px/1.4 ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:20px 22px;margin-top:20px}
svg{width:100%;height:auto;display:block}.grid{stroke:var(--grid)}.grid.zero{stroke:var(--soft)}.tick{font-size:11px;fill:var(--soft)}
.label{font-size:12px;fill:var(--ink)}.aim{fill:var(--aim)}svg path{fill:none;stroke:var(--hue);stroke-width:2;stroke-linejoin:round}
.point{fill:var(--hue);stroke:var(--card);stroke-width:1.5}.dots circle{fill:var(--hue);opacity:.45}.median{stroke:var(--hue);stroke-width:3}.p95{stroke:var(--hue);stroke-width:2}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(175px,1fr));gap:10px}
.tile{border:1px solid var(--line);border-left:4px solid var(--silent);border-radius:8px;padding:10px 12px;display:flex;flex-direction:column}
.tile span{font-size:12px;color:var(--soft)}.tile strong{font-size:24px;font-variant-numeric:tabular-nums;letter-spacing:-.01em}.tile small{font-size:12px;font-weight:400;color:var(--soft);letter-spacing:0}.tile em{font-size:12px;font-style:normal;color:var(--soft)}
.tile.met{border-left-color:var(--good)}.tile.met em{color:var(--good)}.tile.missed{border-left-color:var(--bad)}.tile.missed em{color:var(--bad)}.tile.headline{border-left-color:var(--ours)}
.wide{overflow-x:auto;margin:0 -22px;padding:0 22px}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:6px 12px 6px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);white-space:nowrap}
thead th{font-size:13px;vertical-align:bottom}tbody th{font-weight:500}tbody tr:last-child>*{border-bottom:0}
td small,th small{display:block;font-size:12px;font-weight:400;color:var(--soft)}q{color:var(--soft);display:inline-block;max-width:34ch;white-space:normal;quotes:none}
.chip{font-size:13px;font-weight:600}.chip::before{content:"";display:inline-block;width:9px;height:9px;border-radius:50%;background:var(--hue);margin-right:6px}
.share{display:inline-flex;align-items:center;gap:7px}.bar{position:relative;display:inline-block;width:64px;height:8px;background:var(--grid);border-radius:4px}
.bar i{position:absolute;inset:0 auto 0 0;background:var(--soft);border-radius:4px}.bar b{position:absolute;top:3px;height:2px;background:var(--ink)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 22px;padding:10px 0 0;margin:0;font-size:13px;color:var(--soft);font-variant-numeric:tabular-nums}.legend .chip{color:var(--ink)}
details{border-top:1px solid var(--line);padding:10px 0}summary{cursor:pointer}a{color:var(--ours)}
.c-sidetone{--hue:var(--ours)}.c-sidetone-in-real-time{--hue:var(--ours-2)}.c-timer-300{--hue:var(--timer-3)}.c-timer-600{--hue:var(--timer-2)}.c-timer-1000{--hue:var(--timer)}
.c-always-yield{--hue:var(--always)}.c-never-yield{--hue:var(--never)}.c-silent{--hue:var(--silent)}
.c-livekit-agents{--hue:var(--rival-1)}.c-openai-realtime{--hue:var(--rival-2)}
@media print{section{break-inside:avoid}}
`;
