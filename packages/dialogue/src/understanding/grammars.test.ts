import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hearAddress, hearEmail, hearMoney, hearPhone } from "./contact.ts";
import { hearDigits } from "./digits.ts";
import { hearCode, hearName } from "./letters.ts";
import { hearMoment, instantOf, localMoment } from "./moments.ts";
import { hearRequests } from "./requests.ts";
import { fold, tokensOfText } from "./tokens.ts";
import { hearYesNo } from "./yes-no.ts";

/** A Monday. */
const NOW = { date: "2026-03-02", time: "10:00", weekday: 0 };

describe("digits of a five-digit number", () => {
  for (const [said, heard, known = "", asked = true] of [
    ["four seven two, nine one", "47291"],
    ["double five oh one two", "55012"],
    ["forty-seven two ninety-one", "47291"],
    ["oh oh oh one two", "00012"],
    ["sixty oh twelve", "60012"],
    ["twenty three four five six", "23456"],
    ["nine hundred one two", "90012"],
    ["forty seven thousand two hundred and ninety one", "47291"],
    ["four seven two nine one no nine two", "47292"],
    ["four seven two no three nine one", "47391"],
    ["four seven two no four seven three nine one", "47391"],
    ["four seven four seven two nine one", "47291"],
    ["no nine two", "47292", "47291"],
    ["the last digit is two", "47292", "47291"],
    ["the last two digits are nine two", "47292", "47291"],
    ["it ends in nine two", "47292", "47291"],
    ["the first two are five five", "55291", "47291"],
    ["the third digit is five", "47591", "47291"],
    ["not nine one nine two", "47292", "47291"],
    ["nine one", "47291", "472"],
    ["four seven two nine one five", "472915"],
    ["triple one two double", "1112"],
    ["it's four to seven for one", "42741"],
    ["where my order for seven two nine one", "47291", "", false],
    ["where is my order four seven two nine one", "47291", "", false],
    ["i ordered two chairs and my number is four seven two nine one", "47291", "", false],
    ["order four seven two nine one for my wife", "47291", "", false],
  ] as [string, string, string?, boolean?][]) {
    test(`${said} is ${heard}`, () => assert.equal(hearDigits(tokensOfText(said), 5, known, asked).digits, heard));
  }
});

describe("codes", () => {
  for (const [said, heard] of [
    ["b for bravo four seven", "B47"],
    ["s w one a one a a", "SW1A1AA"],
    ["charlie delta nine double e", "CD9EE"],
    ["it's a b four", "AB4"],
    ["s as in sugar x ray nine", "SX9"],
    ["double u five", "W5"],
  ] as const) {
    test(said, () => assert.equal(hearCode(tokensOfText(said), 0, "").code, heard));
  }
});

describe("names", () => {
  for (const [said, heard] of [
    ["john smith", "John Smith"],
    ["my name is john smythe s m y t h e", "John Smythe"],
    ["it's patel p a t e l", "Patel"],
    ["novak november oscar victor alpha kilo", "Novak"],
    ["smith with a y s m y t h", "Smyth"],
    ["yes it's omar khan", "Omar Khan"],
    ["um anna", "Anna"],
  ] as const) {
    test(said, () => assert.equal(hearName(tokensOfText(said), true)?.name, heard));
  }

  test("a sentence about something else is no name", () => {
    assert.equal(hearName(tokensOfText("where is my order"), false), null);
  });
});

describe("yes and no", () => {
  for (const [said, answer] of [
    ["yes", "yes"],
    ["yeah go ahead", "yes"],
    ["sure why not", "yes"],
    ["that's fine", "yes"],
    ["uh huh", "yes"],
    ["yes please thank you", "yes"],
    ["i don't mind", "yes"],
    ["no", "no"],
    ["that's not right", "no"],
    ["i don't think so", "no"],
    ["not really", "no"],
    ["no thanks that's all", "no"],
    ["ok no", "no"],
    ["i'd rather not", "no"],
    ["yes no actually no", "no"],
    ["no wait actually yes", "yes"],
    ["yes but no", "unclear"],
    ["yes no", "unclear"],
    ["where is my order", null],
  ] as const) {
    test(`${said}: ${answer}`, () => assert.equal(hearYesNo(tokensOfText(said))?.answer ?? null, answer));
  }
});

describe("moments, seen from Monday the second of March 2026, ten o'clock", () => {
  for (const [said, date, time] of [
    ["today", "2026-03-02", null],
    ["tomorrow", "2026-03-03", null],
    ["the day after tomorrow", "2026-03-04", null],
    ["next tuesday", "2026-03-10", null],
    ["saturday", "2026-03-07", null],
    ["the third of may", "2026-05-03", null],
    ["may the twenty first", "2026-05-21", null],
    ["twenty second of march", "2026-03-22", null],
    ["the fourth", "2026-03-04", null],
    ["the first", "2026-04-01", null],
    ["monday no tuesday", "2026-03-03", null],
    ["the fifth of june nineteen eighty four", "1984-06-05", null],
    ["in a week", "2026-03-09", null],
    ["on friday at half past two", "2026-03-06", "14:30"],
    ["thursday at two in the afternoon", "2026-03-05", "14:00"],
    ["quarter to four tomorrow", "2026-03-03", "15:45"],
    ["ten thirty", null, "10:30"],
    ["at four", null, "16:00"],
    ["at nine in the morning", null, "09:00"],
    ["ten past eleven", null, "11:10"],
    ["five o'clock", null, "17:00"],
    ["at noon", null, "12:00"],
    ["this afternoon at three", null, "15:00"],
  ] as const) {
    test(said, () => {
      const heard = hearMoment(fold(said), NOW);
      if (date !== null) assert.equal(heard.date, date);
      assert.equal(heard.time, time);
    });
  }

  for (const [said, inMs] of [
    ["in four minutes", 240_000],
    ["half an hour", 1_800_000],
    ["in ten minutes", 600_000],
    ["in an hour", 3_600_000],
    ["in thirty seconds", 30_000],
  ] as const) {
    test(said, () => assert.equal(hearMoment(fold(said), NOW).inMs, inMs));
  }

  test("a wall clock goes to an instant and back, over a change of summer time", () => {
    for (const [date, time, zone, instant] of [
      ["2026-03-02", "16:00", "Europe/London", "2026-03-02T16:00:00.000Z"],
      ["2026-07-01", "16:00", "Europe/London", "2026-07-01T15:00:00.000Z"],
      ["2026-07-01", "09:30", "America/New_York", "2026-07-01T13:30:00.000Z"],
    ] as const) {
      assert.equal(instantOf(date, time, zone), instant);
      const back = localMoment(instant, 0, zone);
      assert.deepEqual([back.date, back.time], [date, time]);
    }
  });
});

describe("contact", () => {
  for (const [said, heard] of [
    ["oh seven seven double oh nine hundred one two three", "+447700900123"],
    ["plus four four seven seven zero zero nine zero zero one two three", "+447700900123"],
    ["my number is zero two zero seven nine four six oh nine five eight", "+442079460958"],
    ["zero two zero seven nine four six", null],
  ] as const) {
    test(`phone: ${said}`, () => assert.equal(hearPhone(tokensOfText(said), "GB", "").value, heard));
  }
  for (const [said, heard] of [
    ["jo dot smith at example dot com", "jo.smith@example.com"],
    ["its j o h n underscore smith forty two at gmail dot com", "john_smith42@gmail.com"],
    ["anna at yahoo dot co dot uk please", "anna@yahoo.co.uk"],
    ["my email is mary at hotmail dot com", "mary@hotmail.com"],
    ["i was at home", undefined],
  ] as const) {
    test(`e-mail: ${said}`, () => assert.equal(hearEmail(tokensOfText(said))?.email, heard));
  }
  for (const [said, heard] of [
    ["twelve high street leeds", "12 High Street, Leeds"],
    ["my new address is forty two station road bristol b s one four d j", "42 Station Road, Bristol BS1 4DJ"],
    ["i moved to twenty one green lane york", "21 Green Lane, York"],
    ["leeds", undefined],
  ] as const) {
    test(`address: ${said}`, () => assert.equal(hearAddress(tokensOfText(said), true)?.address, heard));
  }
  for (const [said, heard] of [
    ["forty two pounds fifty", 4250],
    ["twelve euros and five cents", 1205],
    ["twenty quid", 2000],
    ["a hundred pounds", 10_000],
    ["fifty pence", 50],
  ] as const) {
    test(`money: ${said}`, () => assert.equal(hearMoney(tokensOfText(said), true)?.minor, heard));
  }
});

describe("requests of the talk itself", () => {
  for (const [said, ...kinds] of [
    ["hold on a minute", "hold-on"],
    ["sorry what was that", "repeat"],
    ["pardon", "repeat"],
    ["never mind", "never-mind"],
    ["forget it bye", "never-mind", "goodbye"],
    ["remind me in four minutes", "remind"],
    ["call me back at four", "call-back"],
    ["are you a robot", "are-you-human"],
    ["not you i was talking to my son", "not-you"],
    ["please stop recording", "stop-recording"],
    ["stop", "hush"],
    ["hello", "greeting"],
    ["where is my order"],
  ] as const) {
    test(`${said}: ${kinds.join(", ")}`, () => {
      assert.deepEqual(
        hearRequests(tokensOfText(said), NOW, "Europe/London").map((one) => one.kind),
        kinds,
      );
    });
  }
});
