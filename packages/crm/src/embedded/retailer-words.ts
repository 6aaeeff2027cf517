/** The fictional retailer "Harbour and Lane": what its people, goods and places are called. All names are our own. */
export const FIRST_NAMES = (
  "Maya Owen Priya Lucas Amara Felix Nora Hugo Leila Simon Grace Tomas Ines Victor Hannah Elias Ruth Marco Stella Amir " +
  "Clara Jonas Yara Peter Alice Diego Emma Karim Julia Noah Sofia Martin Layla Oscar Helen Rafael Dana Colin Mina Walter " +
  "Joan Samir Vera Paul Lena George Rosa Adam Tessa Henry Anya Louis Carmen Frank Olga Daniel Iris Ben Sonia Theo"
).split(" ");

export const LAST_NAMES = (
  "Lindqvist Carter Okafor Moreno Whitfield Novak Tanaka Brennan Haddad Sorensen Patel Gallagher Rossi Fischer Adeyemi " +
  "Kowalski Marsh Dubois Nakamura Ellison Vargas Holt Petrov Winslow Ferreira Osborne Lund Castillo Hayward Mbeki Quinn " +
  "Sandoval Thorne Ivanova Barlow Kessler Amato Doyle Rahman Stroud Bergman Pace Aguilar Finch Horvat Lowry Cho Danforth " +
  "Esposito Garner Hussain Jansen Keane Lombardi Mercer Nguyen Orton Pruitt Ramsey Silva Tully Underhill Voss Wexler Yates"
).split(" ");

export const STREETS = (
  "Maple Avenue|Harbour Road|Mill Lane|Cedar Street|Station Road|Orchard Way|Bridge Street|Lake View|Chapel Hill|" +
  "Willow Court|Granite Street|Meadow Lane|Foundry Road|Juniper Street|Prospect Row|Quarry Road|River Terrace|Church Lane"
).split("|");

/**
 * City, county, postcode district, and the telephone prefix that Ofcom sets aside for drama in its area
 * (ofcom.org.uk, "Telephone numbers for use in TV and radio drama programmes"): a thousand numbers each.
 */
export const CITIES: readonly (readonly [string, string, string, string])[] = [
  ["Southampton", "Hampshire", "SO14", "7700900"],
  ["Leeds", "West Yorkshire", "LS6", "1134960"],
  ["Sheffield", "South Yorkshire", "S10", "1144960"],
  ["Nottingham", "Nottinghamshire", "NG7", "1154960"],
  ["Leicester", "Leicestershire", "LE2", "1164960"],
  ["Bristol", "Somerset", "BS8", "1174960"],
  ["Reading", "Berkshire", "RG1", "1184960"],
  ["Birmingham", "West Midlands", "B15", "1214960"],
  ["Edinburgh", "Midlothian", "EH9", "1314960"],
  ["Glasgow", "Lanarkshire", "G12", "1414960"],
  ["Liverpool", "Merseyside", "L17", "1514960"],
  ["Manchester", "Lancashire", "M20", "1614960"],
  ["London", "Greater London", "SE15", "2079460"],
  ["Newcastle", "Tyne and Wear", "NE2", "1914980"],
  ["Belfast", "Antrim", "BT9", "2896496"],
  ["Cardiff", "Glamorgan", "CF14", "2920180"],
];

/** SKU, name, price in cents. */
export const PRODUCTS: readonly (readonly [string, string, number])[] = [
  ["HL-1001", "oak dining table", 64900],
  ["HL-1002", "oak dining chair", 14900],
  ["HL-1003", "walnut bookcase", 32900],
  ["HL-1004", "linen sofa", 119900],
  ["HL-1005", "reading armchair", 44900],
  ["HL-1006", "standing desk", 52900],
  ["HL-1007", "desk chair", 27900],
  ["HL-1008", "floor lamp", 12900],
  ["HL-1009", "table lamp", 6900],
  ["HL-1010", "wool rug", 24900],
  ["HL-1011", "cotton bed set", 8900],
  ["HL-1012", "down pillow", 4900],
  ["HL-1013", "oak bed frame", 79900],
  ["HL-1014", "spring mattress", 89900],
  ["HL-1015", "bedside table", 15900],
  ["HL-1016", "coffee table", 22900],
  ["HL-1017", "wall mirror", 9900],
  ["HL-1018", "ceramic vase", 3900],
  ["HL-1019", "cast iron pan", 5900],
  ["HL-1020", "knife set", 11900],
  ["HL-1021", "stock pot", 7900],
  ["HL-1022", "stoneware dinner set", 13900],
  ["HL-1023", "glass carafe", 2900],
  ["HL-1024", "espresso machine", 48900],
  ["HL-1025", "electric kettle", 5400],
  ["HL-1026", "garden bench", 25900],
  ["HL-1027", "patio table", 34900],
  ["HL-1028", "patio chair", 9900],
  ["HL-1029", "sun umbrella", 17900],
  ["HL-1030", "terracotta planter", 3400],
  ["HL-1031", "garden hose", 4400],
  ["HL-1032", "fire bowl", 19900],
  ["HL-1033", "bath towel set", 4900],
  ["HL-1034", "laundry basket", 3900],
  ["HL-1035", "coat rack", 8900],
  ["HL-1036", "shoe cabinet", 18900],
  ["HL-1037", "curtain pair", 7900],
  ["HL-1038", "wall shelf", 5900],
  ["HL-1039", "picture frame set", 4400],
  ["HL-1040", "storage trunk", 15900],
];

export const CARRIERS = ["Northline Express", "Parcelway", "Bluebird Freight"] as const;
export const DELIVERY_WINDOWS = [
  "between eight and noon",
  "between ten and two",
  "between noon and four",
  "between two and six",
  "between four and eight",
] as const;
export const CASE_SUBJECTS = [
  "Damaged on arrival",
  "Wrong colour delivered",
  "Missing part",
  "Question about assembly",
  "Invoice copy",
  "Late delivery",
] as const;
/** Bookable services and their length in minutes: the shop's, and those of a surgery that shares the calendar. */
export const SERVICES: readonly (readonly [string, number])[] = [
  ["check-up", 30],
  ["cleaning", 30],
  ["eye-test", 30],
  ["blood-test", 30],
  ["vaccination", 30],
  ["design consultation", 60],
  ["kitchen consultation", 60],
  ["furniture assembly", 120],
  ["measuring visit", 30],
];
export const TIERS = ["Green", "Silver", "Gold"] as const;
