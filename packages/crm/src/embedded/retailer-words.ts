/** The fictional retailer "Larkfield": what its people, goods and places are called. All names are our own. */
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
  "Maple Avenue|Harbor Road|Mill Lane|Cedar Street|Station Road|Orchard Way|Bridge Street|Lakeview Drive|Chapel Hill|" +
  "Willow Court|Granite Street|Meadow Lane|Foundry Road|Juniper Street|Prospect Avenue|Quarry Road|River Terrace|Summit Drive"
).split("|");

/** City, region, the first three digits of its postal codes, area code of its telephones. */
export const CITIES: readonly (readonly [string, string, string, string])[] = [
  ["Portland", "OR", "972", "503"],
  ["Denver", "CO", "802", "303"],
  ["Columbus", "OH", "432", "614"],
  ["Austin", "TX", "787", "512"],
  ["Madison", "WI", "537", "608"],
  ["Raleigh", "NC", "276", "919"],
  ["Tucson", "AZ", "857", "520"],
  ["Omaha", "NE", "681", "402"],
  ["Boise", "ID", "837", "208"],
  ["Buffalo", "NY", "142", "716"],
  ["Tampa", "FL", "336", "813"],
  ["Spokane", "WA", "992", "509"],
  ["Richmond", "VA", "232", "804"],
  ["Tulsa", "OK", "741", "918"],
  ["Albany", "NY", "122", "518"],
  ["Lincoln", "NE", "685", "531"],
  ["Fresno", "CA", "937", "559"],
  ["Mobile", "AL", "366", "251"],
  ["Duluth", "MN", "558", "218"],
  ["Reno", "NV", "895", "775"],
  ["Macon", "GA", "312", "478"],
  ["Peoria", "IL", "616", "309"],
  ["Lansing", "MI", "489", "517"],
  ["Dayton", "OH", "454", "937"],
  ["Eugene", "OR", "974", "541"],
  ["Laredo", "TX", "780", "956"],
  ["Salem", "OR", "973", "971"],
  ["Topeka", "KS", "666", "785"],
  ["Waco", "TX", "767", "254"],
  ["Yakima", "WA", "989", "360"],
  ["Fargo", "ND", "581", "701"],
  ["Bangor", "ME", "044", "207"],
  ["Dover", "DE", "199", "302"],
  ["Helena", "MT", "596", "406"],
  ["Provo", "UT", "846", "801"],
  ["Santa Fe", "NM", "875", "505"],
  ["Cheyenne", "WY", "820", "307"],
  ["Burlington", "VT", "054", "802"],
  ["Concord", "NH", "033", "603"],
  ["Sioux Falls", "SD", "571", "605"],
  ["Charleston", "WV", "253", "304"],
  ["Jackson", "MS", "392", "601"],
  ["Little Rock", "AR", "722", "501"],
  ["Baton Rouge", "LA", "708", "225"],
  ["Knoxville", "TN", "379", "865"],
  ["Louisville", "KY", "402", "502"],
  ["Providence", "RI", "029", "401"],
  ["Hartford", "CT", "061", "860"],
  ["Annapolis", "MD", "214", "410"],
  ["Indianapolis", "IN", "462", "317"],
];

/** SKU, name, price in cents. */
export const PRODUCTS: readonly (readonly [string, string, number])[] = [
  ["LF-1001", "oak dining table", 64900],
  ["LF-1002", "oak dining chair", 14900],
  ["LF-1003", "walnut bookcase", 32900],
  ["LF-1004", "linen sofa", 119900],
  ["LF-1005", "reading armchair", 44900],
  ["LF-1006", "standing desk", 52900],
  ["LF-1007", "desk chair", 27900],
  ["LF-1008", "floor lamp", 12900],
  ["LF-1009", "table lamp", 6900],
  ["LF-1010", "wool rug", 24900],
  ["LF-1011", "cotton bed set", 8900],
  ["LF-1012", "down pillow", 4900],
  ["LF-1013", "oak bed frame", 79900],
  ["LF-1014", "spring mattress", 89900],
  ["LF-1015", "bedside table", 15900],
  ["LF-1016", "coffee table", 22900],
  ["LF-1017", "wall mirror", 9900],
  ["LF-1018", "ceramic vase", 3900],
  ["LF-1019", "cast iron pan", 5900],
  ["LF-1020", "knife set", 11900],
  ["LF-1021", "stock pot", 7900],
  ["LF-1022", "stoneware dinner set", 13900],
  ["LF-1023", "glass carafe", 2900],
  ["LF-1024", "espresso machine", 48900],
  ["LF-1025", "electric kettle", 5400],
  ["LF-1026", "garden bench", 25900],
  ["LF-1027", "patio table", 34900],
  ["LF-1028", "patio chair", 9900],
  ["LF-1029", "sun umbrella", 17900],
  ["LF-1030", "terracotta planter", 3400],
  ["LF-1031", "garden hose", 4400],
  ["LF-1032", "fire bowl", 19900],
  ["LF-1033", "bath towel set", 4900],
  ["LF-1034", "laundry basket", 3900],
  ["LF-1035", "coat rack", 8900],
  ["LF-1036", "shoe cabinet", 18900],
  ["LF-1037", "curtain pair", 7900],
  ["LF-1038", "wall shelf", 5900],
  ["LF-1039", "picture frame set", 4400],
  ["LF-1040", "storage trunk", 15900],
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
/** Bookable services and their length in minutes. */
export const SERVICES: readonly (readonly [string, number])[] = [
  ["design consultation", 60],
  ["kitchen consultation", 60],
  ["furniture assembly", 120],
  ["furniture repair", 60],
  ["measuring visit", 30],
  ["store collection", 30],
];
export const TIERS = ["Green", "Silver", "Gold"] as const;
