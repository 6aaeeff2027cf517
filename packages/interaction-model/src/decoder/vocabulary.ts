import type { ExpectationKind } from "../port.ts";

const list = (text: string): string[] => text.trim().split(/[\s,]+/);

export const DIGITS = list("zero oh one two three four five six seven eight nine");
export const TEENS = list("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen");
export const TENS = list("twenty thirty forty fifty sixty seventy eighty ninety");
const NUMBERS = [...DIGITS, ...TEENS, ...TENS, ...list("hundred thousand and")];
const REPEATS = list("double triple nought");
export const LETTERS = [..."abcdefghijklmnopqrstuvwxyz"];
/** International radiotelephony alphabet. */
const PHONETIC = list(`alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa
  quebec romeo sierra tango uniform victor whiskey yankee zulu`);
export const MONTHS = list("january february march april may june july august september october november december");
export const DAYS = list("monday tuesday wednesday thursday friday saturday sunday");
export const ORDINALS =
  list(`first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
  fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth thirty`);
const RELATIVE_DAYS = list(
  "today tomorrow yesterday tonight next last this week weekend day after before on the of ago in two",
);
const DAY_PARTS = list("morning afternoon evening night noon midnight lunchtime a.m. p.m.").filter(
  (word) => !word.includes("."),
);
const TIMES = [
  ...list("o'clock half past quarter to at around about a m p after before until from in the"),
  ...DAY_PARTS,
];
const MONEY = list("pounds pound pence penny dollars dollar cents cent euros euro quid point");
const YES_NO = list(`yes yeah yep yup no nope nah correct right wrong sure okay ok exactly absolutely not really please
  thanks thank you that's it's it is isn't i do don't fine mhm uh huh that`);
export const FIRST_NAMES =
  list(`james mary robert patricia john jennifer michael linda david elizabeth william barbara richard
  susan joseph jessica thomas sarah charles karen christopher lisa daniel nancy matthew betty anthony margaret mark sandra
  donald ashley steven kimberly paul emily andrew donna joshua michelle kenneth carol kevin amanda brian melissa george
  deborah timothy stephanie ronald rebecca jason laura edward helen jeffrey sharon ryan cynthia jacob kathleen gary amy
  nicholas angela eric anna jonathan ruth stephen brenda larry pamela justin nicole scott katherine brandon samantha
  benjamin christine samuel emma gregory catherine alexander virginia patrick rachel jack janet dennis maria tyler diane
  aaron julie jose joyce adam victoria nathan kelly henry lauren zachary joan peter evelyn kyle olivia ethan judith noah
  megan oliver grace harry amelia charlie sophie oscar chloe leo freya omar fatima ahmed aisha wei mei raj priya carlos
  sofia juan lucia pierre marie hans greta alice bob jane joe sam tom max kate lucy ella`);
export const LAST_NAMES =
  list(`smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez
  gonzalez wilson anderson thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis
  robinson walker young allen king wright scott torres nguyen hill flores green adams nelson baker hall rivera campbell
  mitchell carter roberts evans edwards collins stewart morris murphy cook rogers bell bailey cooper reed kelly howard
  ward cox hughes price wood bennett gray james watson brooks sanders ross myers long foster patel khan singh ahmed shah
  kaur novak kowalski schmidt muller dubois rossi jensen o'brien o'neill`);
const STREETS = list(`street road avenue lane drive close court place square way park hill house flat apartment floor
  station church high main mill green oak queen king bridge river west east north south end view london leeds bristol
  manchester birmingham oxford cambridge york bath reading cardiff glasgow edinburgh dublin boston chicago austin denver
  portland seattle postcode zip code`);
const EMAIL = list(
  "at dot dash underscore hyphen gmail hotmail yahoo outlook icloud com net org co uk example mail email",
);
const CHOICES =
  list(`first second third last one other both neither either none the large small medium blue red black white
  green cheaper bigger smaller earlier later morning afternoon option`);
/** Heard within any answer: beginnings, fillers, corrections. */
const AROUND =
  list(`it's its it is the my number that's that um uh er well so okay and then no wait sorry yes yeah hang on
  hold please thanks a i i think mean not actually`);

/** The same around numbers, without the words of one sound: half a digit is easily taken for them. */
const AROUND_NUMBERS = AROUND.filter((word) => word.length > 1);

interface WordClass {
  readonly words: readonly string[];
  /** Share of the class in the expectation's own words; the shares of one kind sum to 1 or less. */
  readonly share: number;
}

/** What is likely to be said for each expectation; what is left of the share goes to the playbook's phrases. */
export const CLASSES: Readonly<Record<ExpectationKind, readonly WordClass[]>> = {
  open: [{ words: AROUND, share: 0.08 }],
  "yes-no": [
    { words: YES_NO, share: 0.3 },
    { words: AROUND, share: 0.05 },
  ],
  digits: [
    { words: DIGITS, share: 0.8 },
    { words: [...TEENS, ...TENS, "hundred"], share: 0.06 },
    { words: REPEATS, share: 0.02 },
    { words: AROUND_NUMBERS, share: 0.1 },
  ],
  phone: [
    { words: DIGITS, share: 0.8 },
    { words: [...TEENS, ...TENS, "hundred", "plus"], share: 0.04 },
    { words: REPEATS, share: 0.04 },
    { words: AROUND_NUMBERS, share: 0.1 },
  ],
  alphanumeric: [
    { words: DIGITS, share: 0.4 },
    { words: LETTERS, share: 0.35 },
    { words: PHONETIC, share: 0.05 },
    { words: ["for", "as", "in", "dash", ...REPEATS], share: 0.04 },
    { words: AROUND_NUMBERS, share: 0.08 },
  ],
  name: [
    { words: FIRST_NAMES, share: 0.125 },
    { words: LAST_NAMES, share: 0.125 },
    { words: LETTERS, share: 0.1 },
    { words: list("my name is name's it's double mister missus"), share: 0.06 },
    { words: AROUND, share: 0.025 },
  ],
  date: [
    { words: MONTHS, share: 0.1 },
    { words: [...ORDINALS, "twenty"], share: 0.11 },
    { words: DAYS, share: 0.07 },
    { words: [...NUMBERS], share: 0.07 },
    { words: RELATIVE_DAYS, share: 0.08 },
    { words: AROUND, share: 0.025 },
  ],
  time: [
    { words: [...NUMBERS], share: 0.2 },
    { words: TIMES, share: 0.175 },
    { words: [...DAYS, "tomorrow", "today"], share: 0.03 },
    { words: AROUND, share: 0.025 },
  ],
  money: [
    { words: NUMBERS, share: 0.275 },
    { words: MONEY, share: 0.15 },
    { words: AROUND, share: 0.025 },
  ],
  choice: [
    { words: CHOICES, share: 0.2 },
    { words: AROUND, share: 0.05 },
  ],
  email: [
    { words: EMAIL, share: 0.15 },
    { words: LETTERS, share: 0.1 },
    { words: FIRST_NAMES, share: 0.075 },
    { words: LAST_NAMES, share: 0.075 },
    { words: DIGITS, share: 0.04 },
    { words: AROUND, share: 0.015 },
  ],
  address: [
    { words: STREETS, share: 0.175 },
    { words: NUMBERS, share: 0.1 },
    { words: LETTERS, share: 0.06 },
    { words: LAST_NAMES, share: 0.025 },
    { words: AROUND, share: 0.025 },
  ],
};

/** Said on any call, whatever the playbook; gives the language model its everyday word order. */
export const EVERYDAY_PHRASES: readonly string[] = `
hello|hi|good morning|good afternoon|hi there|yes|yes please|yeah|yeah that's right|yep|no|no thanks|no thank you|nope|
that's right|that's correct|that's not right|that's wrong|sure|okay|ok thanks|of course|i think so|i don't think so|not really|
thank you|thanks|thank you very much|thanks a lot|bye|goodbye|bye bye|that's all|that's everything|no that's all thanks|
hold on|hold on a minute|hang on|hang on a second|one moment|one moment please|just a minute|just a second|wait|wait a second|
give me a second|bear with me|let me see|let me check|let me find it|never mind|forget it|it doesn't matter|leave it|
sorry|pardon|excuse me|what did you say|could you repeat that|can you say that again|say that again please|i didn't catch that|
i don't understand|what do you mean|are you a robot|am i talking to a machine|can i talk to a person|i want to speak to somebody|
operator|representative|can you hear me|are you still there|i'm here|i'm on the phone|not you|i was talking to someone else|
no wait|no i mean|i mean|actually|the last one|the first one|the other one|i don't know|i'm not sure|i don't have it|
i haven't got it with me|where do i find it|it's on the letter|my name is|it's|the number is|my number is|and then|
how long will it take|when will it arrive|where is it|what time|what day|how much is it|can you call me back|
could you send me a text|can you email it to me|i need some help|i have a question|i've got a problem with|i'd like to|
i want to|i need to|can i|can you tell me|could you tell me|i'm calling about|i'm ringing about|i just wanted to know|
mhm|uh huh|right|i see|got it|alright|oh okay|go on|stop|please stop|slow down|speak up|a bit louder please|
i would like to|i'd like you to|i would like some|do you have any|have you got a|is there any way to|is it possible to|
could you please tell me|could you please send me|can you please help me with|can i please have|may i have|may i ask|
i was wondering if you could|i was hoping to|i've been trying to|i've been waiting for|i've been told that|i was told that|
i have been charged for|i haven't received|i have not received my|i didn't get the|i never got my|i still haven't got|
it hasn't arrived yet|it has not come yet|it was supposed to be here|it should have been here by now|it says here that|
when will i get my|when is it going to be|when can i expect|when do you think|how long is it going to be|how do i get|
how can i get a|how much does it cost to|how many do i have|how soon can you|where can i find|where do i send|where are you|
what do i have to do|what do i need to|what is the number for|what happens if i|what are your|which one is|which of them|
why is it so|why has it not|who do i talk to about|who is it|would it be possible to|would you be able to|are you able to|
are there any|is it too late to|is it still possible|is that the one|is this the right|does it have|do i need to|do i have to|
do you know when|do you think you can|did you get my|did you send it to the|can you make it|can you do it for me|
can you look it up for me|can you check if|can you find out|can you put me through to|can you put it on|can i get it back|
can i change it to|can i have it on|can i do that|i don't want it any more|i don't need it|i do not want|i don't think that's|
i can't find my|i can't get it to|i can't make it on|i couldn't find the|i lost my|i forgot my|i bought a|i bought it from you|
i got the wrong one|i got it from your|i just got a|i just want to|i just need to know if|i only want|i already told you|
i already have|i think it's the|i think i have|i'm looking for a|i'm not happy with|i'm trying to find|i'm having a problem with|
i'm going to be|i'm waiting for my|i'm at the|i am not sure if|i am calling because|the one that i|the thing is that|
there is a problem with my|there's something wrong with the|there's no|this is about my|this is the second time|
it doesn't work|it does not fit|it's not working|it's not the one i|it's too big for me|it's about the|it's for my|it was a present|
we are going to|we have a|we need to|you said that it would|you sent me the wrong|you have got my|your website says|
a couple of days ago|a few weeks ago|at the end of the month|at the moment|by the end of the week|for the last two weeks|
in the next few days|last time i called|on the other hand|one of the|some of them|the day after that|the rest of the|
and i want to know|and i would like|and when is it|but i don't know|but it is not|because i need it for|so i need to|so can you|
if you don't mind|if it's not too much trouble|as soon as possible|that would be great|that is what i want|that was not me|
`
  .replaceAll("\n", "")
  .split("|")
  .filter((phrase) => phrase !== "");
