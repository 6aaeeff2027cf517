"""What people say: wordings of the wants, with slots. The last fifth (at least two) of each list is held out for evaluation."""

ITEMS = "shoes,a jacket,a blue jumper,headphones,a lamp,two chairs,a phone case,a kettle,running shoes,a winter coat,the table,some curtains,a birthday present,a laptop bag,the dress,a coffee machine,my trousers,the book,a backpack,a watch".split(",")
SERVICES = "a haircut,a check up,the dentist,a cleaning,an eye test,a consultation,a massage,my car,a blood test,a vaccination,the hygienist,a fitting,the vet,a repair".split(",")
WHENS = "on monday,tomorrow,last week,on friday,next tuesday,this afternoon,yesterday,two weeks ago,next week,on saturday morning,in the morning,on the third of may,after five,before noon,at the weekend".split(",")

WANTS = {
    "order-status": [
        "where is my order", "i want to know where my order is", "i'm calling about an order i placed {when}",
        "can you tell me the status of my order", "i'd like to check on my order", "i ordered {item} {when} and i wonder what's happening with it",
        "what's going on with my order", "i'm ringing to check an order", "has my order been shipped yet", "could you look up my order please",
        "can you check whether my order went out", "i haven't heard anything about my order", "i need an update on my order",
        "order status please", "i'd like to find out about my order for {item}", "is my order on its way",
        "any news on the order i made {when}", "i just wanted to see how my order is doing", "could i get the status of an order", "has {item} that i ordered been sent",
    ],
    "delivery": [
        "when will my parcel arrive", "my delivery hasn't come", "when is {item} being delivered", "my package was supposed to come {when}",
        "i've been waiting for a delivery since {when}", "can i change my delivery day", "what time is the driver coming", "the courier didn't turn up",
        "it says delivered but i don't have it", "i need to know about my delivery", "can you deliver {when}", "my parcel is late",
        "how long does delivery take", "i wasn't home when the driver came", "the delivery is wrong", "i'm still waiting for my parcel",
        "where has the delivery driver got to", "can you bring it {when} instead", "i've had no delivery yet", "when do you expect to deliver {item}",
    ],
    "return": [
        "i want to return {item}", "i'd like to send {item} back", "how do i return something", "can i return an item i bought {when}",
        "i need to return my order", "it doesn't fit so i want to send it back", "i'd like to make a return", "i have to bring {item} back",
        "the thing i got is too small and i want to return it", "can i give {item} back", "what's your returns policy", "i want to exchange {item}",
        "could you send me a return label", "i need a returns label please", "i changed my mind about {item} and i'd like to return it",
        "is it possible to return {item}", "i'd love to send this back to you", "how can i get {item} returned",
    ],
    "refund": [
        "i want my money back", "i'd like a refund", "where is my refund", "i haven't got my refund yet", "when will i get the money back for {item}",
        "i was charged twice", "can i get a refund for {item}", "i sent it back {when} and have not been refunded", "you took too much money",
        "i need a refund please", "how long does a refund take", "my refund hasn't shown up", "i'm owed a refund", "i paid twice for {item}",
        "could you refund me", "the money for {item} never came back", "please give me my money back", "i'm still missing a refund for {item}",
    ],
    "cancel": [
        "i want to cancel my order", "please cancel the order", "i'd like to cancel {item}", "can i cancel an order i made {when}",
        "i ordered the wrong thing and need to cancel", "i need to cancel it", "cancel my order please", "i don't want {item} any more",
        "is it too late to cancel", "can you stop my order", "i made a mistake with my order and want it cancelled", "could you cancel it for me",
        "i'd like to call off my order", "please don't send {item}", "i no longer want the order", "how do i cancel what i ordered {when}",
    ],
    "change-address": [
        "i've moved house", "i need to change my address", "can i change the delivery address", "i want to update my address",
        "it's going to the wrong address", "i have a new address", "you've got my old address", "could you send it to a different address",
        "i'd like to change where it's going", "please update my address", "the address on my order is wrong", "i moved {when} and need to give you my new address",
        "my address has changed", "can you ship it to another address", "i gave you the wrong address", "could we correct my address",
    ],
    "invoice": [
        "i need an invoice", "can you send me the invoice", "i'd like a copy of my invoice", "i haven't received a bill", "could i get a receipt",
        "i need a receipt for {item}", "the invoice is wrong", "please email me my invoice", "i lost my receipt", "i need the invoice for my taxes",
        "can i get a v a t invoice", "i have a question about my invoice", "where do i find my invoice", "i want a bill for my order",
        "would you post me the receipt", "i'm after an invoice for {item}", "there's a mistake on my bill", "i never got a receipt for {item}",
    ],
    "store-hours": [
        "what time do you close", "when do you open", "are you open {when}", "what are your opening hours", "how late are you open",
        "is the shop open on sunday", "when does the store close", "what time does the shop open {when}", "your opening times please", "are you still open",
        "do you open on bank holidays", "where is your nearest store", "can i come to the shop {when}", "what hours are you open",
        "until when is the store open", "are you closed {when}", "could you tell me your hours", "what time can i visit the shop",
    ],
    "loyalty": [
        "how many points do i have", "i want to use my points", "i have a question about my loyalty card", "my points are missing",
        "can i pay with points", "i lost my loyalty card", "i'd like to join the loyalty program", "i didn't get my points for {item}",
        "what are my points worth", "how do i get a bonus card", "can you check my points balance", "when do my points expire",
        "i want to sign up for the rewards", "i should have more points", "how much have i got on my bonus card", "tell me about the rewards scheme",
    ],
    "complaint": [
        "i want to make a complaint", "i'm not happy", "this is the third time i've called", "{item} arrived broken", "i'm really disappointed with the service",
        "i want to complain about the driver", "your website is terrible", "nobody has called me back", "{item} is damaged", "i'd like to complain",
        "the quality is awful", "someone was very rude to me", "it stopped working after a week", "i have a complaint about {item}",
        "this is not good enough", "i'm very unhappy with {item}", "i need to file a complaint", "your service has been really bad",
    ],
    "human": [
        "i want to talk to a person", "can i speak to somebody", "let me speak to a human", "put me through to an agent", "operator please",
        "i'd like to talk to a real person", "can you transfer me", "is there anyone i can talk to", "i need to speak to someone", "give me a human please",
        "i don't want to talk to a machine", "can i talk to your manager", "representative", "connect me to customer service",
        "could i have a word with a colleague of yours", "get me a real person", "i'd rather speak with a human being", "transfer me to a member of staff",
    ],
    "book": [
        "i'd like to make an appointment", "i want to book {service}", "can i book an appointment for {service}", "i need to see someone {when}",
        "do you have anything {when}", "i'd like to book in for {service}", "can i come in {when}", "i need an appointment {when}",
        "could i get an appointment", "i want to schedule {service}", "have you got any slots {when}", "i'm calling to book {service}",
        "book me in for {service} please", "when is the next free appointment", "i'd like to arrange {service} {when}",
        "is there space for {service} {when}", "could you fit me in {when}", "i was hoping to set up an appointment for {service}",
    ],
    "reschedule": [
        "i need to move my appointment", "can i change my appointment", "i'd like to reschedule", "can we make it {when} instead",
        "i can't make it {when} and want to move it", "i have to change the time of my appointment", "i want to reschedule {service}", "could i come later",
        "can i get an earlier appointment", "i need a different day", "please move my appointment to {when}", "is it possible to change my booking",
        "i'd like another time for {service}", "i'm running late can i move it", "would you push my appointment back", "let's shift {service} to {when}",
    ],
    "cancel-appointment": [
        "i need to cancel my appointment", "i can't come {when}", "please cancel my appointment", "i want to cancel {service}",
        "i won't be able to make my appointment", "cancel my booking please", "i have an appointment {when} and i need to cancel it", "i'd like to cancel the appointment",
        "could you take me off the list {when}", "i'm sick and can't come to my appointment", "i don't need the appointment any more", "can i cancel {service}",
        "i have to call off my appointment", "scrap my booking for {service}", "i'm afraid i must cancel {service} {when}", "please delete my appointment",
    ],
    "check-appointment": [
        "when is my appointment", "what time is my appointment", "i forgot when my appointment is", "can you tell me when i'm booked in",
        "do i have an appointment {when}", "i want to check my appointment", "is my appointment confirmed", "who is my appointment with",
        "i'm not sure what day my appointment is", "i need to confirm my appointment", "could you check when {service} is", "am i booked for {service}",
        "remind me when my appointment is", "which day am i coming in", "have i got {service} booked {when}", "what day is {service} again",
    ],
    "yes": ["yes", "yes please", "yeah", "yep", "that's right", "correct", "sure", "yes that's correct", "of course", "okay yes", "yeah that's fine", "that works", "absolutely", "yes it is", "sounds good", "yup that's it"],
    "no": ["no", "no thanks", "nope", "that's not right", "no that's wrong", "no thank you", "not really", "no it isn't", "i don't think so", "no that's all", "that's everything", "no i don't", "not at all", "no not that one"],
    "never-mind": ["never mind", "forget it", "it doesn't matter", "don't worry about it", "leave it", "it's fine forget about it", "actually never mind", "drop it", "oh forget it then", "no matter"],
    "hold-on": ["hold on", "one moment", "wait a second", "just a minute", "hang on", "give me a second", "let me check", "one second please", "hold on let me find it", "bear with me", "just a sec", "wait let me have a look"],
}

LEADS = ["", "", "", "", "hi", "hello", "yes hello", "good morning", "hi there", "so", "well", "um", "uh", "okay so", "yeah hi", "oh hi"]
TAILS = ["", "", "", "", "", "please", "thanks", "if you can", "if that's possible", "thank you"]
HESITATIONS = ["um", "uh", "er", "let me see", "hang on", "what was it", "i think", "you know", "so", "well", "like", "let me think", "hmm"]
BACKCHANNELS = ["mhm", "uh huh", "yeah", "okay", "right", "i see", "sure", "yep", "got it", "alright", "mm", "oh okay", "ah right", "hm"]
INTERRUPTIONS = [
    "wait", "stop", "no no", "excuse me", "hold on", "sorry", "actually", "no wait", "hang on a second", "can i just say something", "no that's not what i asked",
    "sorry can i interrupt", "but i already told you that", "i just want to know one thing", "okay stop", "no listen", "that's wrong", "i don't need that", "let me finish",
    "yes but", "no i mean the other one", "what did you say", "could you repeat that", "pardon", "just a moment please",
    "hey listen to me", "one thing before you go on", "no no no that is not it", "sorry what was that", "i have a question",
]
SIDE_TALK = [
    "can you turn that down", "i'm on the phone", "put it on the table", "not now darling", "what did you want for dinner", "the keys are in the kitchen", "shut the door please",
    "no you can't have that", "i'll be there in a minute", "tell him i'll call back", "get down from there", "where did you put it", "she's talking to the bank", "have you fed the cat",
    "go and ask your mother", "don't touch that", "yes i know i'm coming", "it's in the other room", "mum what's for lunch", "did you lock the car", "quiet please i can't hear",
    "look at that over there", "give it to your brother", "i said after the call", "is the water boiling", "stop that right now",
]
AGENT_LINES = [
    "thank you for calling", "how can i help you today", "could you give me your order number please", "one moment while i look that up", "i have found your order",
    "it was shipped yesterday and should arrive on thursday", "is there anything else i can do for you", "please tell me your full name", "what is the best number to reach you",
    "i am sorry to hear that", "your appointment is on monday at ten thirty", "the refund will take three to five working days to appear on your account",
    "this call may be recorded and you are talking to an automated assistant", "our shop is open from nine in the morning until six in the evening", "would you like me to go ahead",
    "let me read that back to you", "i can offer you tuesday at two or wednesday at eleven in the morning", "could you spell that for me please", "i will send you a confirmation by email",
    "you can drop the parcel at any of our stores or hand it to the driver when he comes to collect it", "what is your date of birth", "which of these would you like",
    "the total comes to forty two pounds and fifty pence including delivery", "i did not quite catch that could you say it again", "can you tell me the first line of your address",
    "i am transferring you to a colleague now please stay on the line", "the item has to be unused and in its original box and you have thirty days to send it back",
    "your points balance is twelve hundred which is worth six pounds off your next order", "i have cancelled that for you", "what day would suit you best",
]
TELEVISION = [
    "and now the weather for the weekend with rain in the north", "the minister said today that talks would continue", "coming up after the break", "he shoots and it is a goal",
    "police are asking witnesses to come forward", "the markets closed lower again this evening", "you won't believe these prices hurry now", "previously on our show",
    "experts say that the drought may last until autumn", "she looked at him and said nothing for a while", "welcome back to the programme", "the team has not won a match since march",
]
FIRST_NAMES = "james,mary,robert,patricia,john,jennifer,michael,linda,david,elizabeth,william,barbara,richard,susan,joseph,jessica,thomas,sarah,charles,karen,daniel,nancy,matthew,lisa,anthony,betty,mark,margaret,paul,sandra,steven,ashley,andrew,emily,kevin,donna,brian,michelle,george,carol,peter,anna,oliver,sophie,harry,grace,jack,chloe,omar,fatima,wei,priya,carlos,maria".split(",")
LAST_NAMES = "smith,johnson,williams,brown,jones,garcia,miller,davis,martin,lopez,wilson,anderson,taylor,moore,jackson,lee,white,harris,clark,lewis,robinson,walker,young,allen,king,wright,scott,hill,green,adams,baker,nelson,carter,mitchell,roberts,turner,phillips,campbell,parker,evans,edwards,collins,stewart,morris,murphy,cook,rogers,patel,khan,novak,kowalski,schmidt,dubois,rossi".split(",")
STREETS = "high street,station road,main street,park avenue,church lane,victoria road,mill lane,green lane,oak avenue,maple drive,queen street,bridge road,hill view,west end,river walk".split(",")
TOWNS = "london,leeds,boston,dublin,bristol,oxford,york,chicago,denver,austin,glasgow,cardiff,reading,bath,portland,seattle".split(",")
MONTHS = "january,february,march,april,may,june,july,august,september,october,november,december".split(",")
DAYS = "monday,tuesday,wednesday,thursday,friday,saturday,sunday".split(",")
ORDINALS = "first,second,third,fourth,fifth,sixth,seventh,eighth,ninth,tenth,eleventh,twelfth,thirteenth,fourteenth,fifteenth,sixteenth,seventeenth,eighteenth,nineteenth,twentieth,twenty first,twenty second,twenty third,twenty fourth,twenty fifth,twenty sixth,twenty seventh,twenty eighth,twenty ninth,thirtieth".split(",")
DIGITS = "zero,one,two,three,four,five,six,seven,eight,nine".split(",")
TEENS = "ten,eleven,twelve,thirteen,fourteen,fifteen,sixteen,seventeen,eighteen,nineteen".split(",")
TENS = "twenty,thirty,forty,fifty,sixty,seventy,eighty,ninety".split(",")


def held_out(options):
    """(train, evaluation) halves of a list of wordings."""
    n = max(2, len(options) // 5)
    return options[:-n], options[-n:]
