/**
 * Everyday words of service calls, in lower case: what a viewer may read in a transcript. A name, a street
 * or a company cannot be told from other words, so it is the other way round: what is not here, and not in
 * a playbook, is masked. No first name, surname or place belongs in this list, save those that are also
 * everyday words; such a one is masked where the call gives it as a value.
 */
export const PLAIN_WORDS: ReadonlySet<string> = new Set(
  `a about above absolutely accept account across actually add address after afternoon again against ago agree ahead all
allow allowed almost already alright also although always am amount an and another answer any anybody anyone anything
anyway apologies apologise apologize appointment appreciate are aren't around arrive arrived arrives as ask asked asking
at automated available away back bad be because been before begin behind being believe best better between big bill bit
black blue book booked booking both bother box bring broken brought brown business busy but buy by bye call called caller
calling calls came can can't cancel cancelled cannot car card care carrier case cash change changed charge charged check
checked checking choose claim clear clearly close closed code collect colour come comes coming company complain
complaint complete confirm confirmed confirmation contact contract correct cost could couldn't couple courier cover
credit customer customers damaged date day days dear declined deliver delivered delivery department deposit did didn't
different digit digits direct directly discount do does doesn't doing don't done door doubt down due during each earlier
early easy either else email emailed end ended enough enter entirely error especially even evening ever every everyone
everything exact exactly example excellent except exchange excuse expect expected expensive explain extra fact family
far fast fault faulty fee feel few figure fill final finally find fine finish finished first fit fix for forget forgot
form forward found free friend from front full further gave get gets getting give given gives giving glad go goes going
gone good goodbye got great green grey guess had hadn't half hand happen happened happening happy hard has hasn't hate
have haven't having he he'd he'll he's hear heard held hello help helped helpful her here here's hers herself hey hi
high him himself his hmm hold holding home hope hour hours house how how's however human hundred hurry i i'd i'll i'm
i've idea if immediately important in include included indeed information inside instead insurance interested into
invoice is isn't issue it it'd it'll it's item items its itself job just keep kept kind knew know known large last late
later learn least leave left less let let's letter like likely line list listen little live load local long longer look
looked looking lost lot lots love low machine made mail make makes making man manage manager many matter maybe me mean
means meant meet mention message might mind mine minute minutes miss missed missing mistake mm moment monday money
month months more morning most mother move moved much must my myself name named near need needed needs neither never
new next nice night no nobody none nor normal not note nothing notice now number numbers obviously of off offer office
often oh ok okay old on once one's online only open opened opening operator option or orange order ordered orders other
others otherwise ought our ours out outside over own package paid pain parcel part partner parts password past pay
payment pence people per perfect perhaps person phone phoned pick picked piece pink place placed plan please pleased
plenty point policy possible possibly post postcode pounds prefer present pretty price private probably problem
problems process product profile promise promised properly proof provide pull purchase put question questions quick
quickly quiet quite rather reach read ready real really reason receipt receive received recently record recorded
recording red reference refund refunded register regarding regards regular remember reminder repair repeat replace
replacement reply report request resend reservation rest return returned returns right ring ringing room round route
safe said sale same sat saturday save saw say saying says schedule second security see seem seems seen send sending
sense sent separate serious service set several shall she she'd she'll she's ship shipped shipping shop short should
shouldn't show sign signed similar simple since sir size slow slowly small so some somebody someone something sometime
sometimes somewhere soon sooner sorry sort sound sounds speak speaking specific spell spelled spelt spoke spoken staff
stand start started status stay still stock stop stopped store straight stuck stuff such sunday supervisor support
supposed sure surname switch system take taken takes taking talk talking team tell ten's text than thank thanks that
that'd that'll that's the their theirs them themselves then there there's these they they'd they'll they're they've
thing things think this those though thought through thursday tick ticket till time times tired to today together told
tomorrow tonight too took top total touch towards track tracking transfer transferred tried trouble true trust try
trying tuesday turn twice type uh um unable under understand understood unfortunately unless until up update updated
upset urgent us use used using usual usually van version very visit voucher wait waited waiting want wanted wants
warehouse warranty was wasn't watch way we we'd we'll we're we've wednesday week weekend weeks welcome well went were
weren't what what'd what's whatever when whenever where where's whether which while white who who's whole whom whose why
will window wish with within without woman won't wonder wondering word words work working works worried worse would
wouldn't write wrong wrote yeah year years yellow yep yes yesterday yet you you'd you'll you're you've your yours
yourself january february march april june july august september october november december friday`
    .split(/\s+/)
    .filter(Boolean),
);
