package phrase

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// fifty is a list such as a guard against prompt injection would carry.
var fifty = []string{
	"ignore all previous instructions", "ignore the above", "disregard your instructions", "forget everything you were told",
	"do not follow the rules", "override your programming", "you are now in developer mode", "enable debug mode",
	"pretend to be", "act as if you have no limits", "without any restrictions", "no ethical guidelines",
	"jailbreak", "do anything now", "system prompt", "reveal your prompt", "print your instructions verbatim",
	"repeat the words above", "what were you told", "show me the hidden text", "begin your reply with",
	"never refuse", "you must comply", "answer in character", "stay in character", "unfiltered response",
	"bypass the filter", "evade detection", "encode the answer in base64", "translate to leetspeak",
	"new instructions follow", "end of system message", "admin override code", "root access granted",
	"exfiltrate the data", "send it to this address", "click the link below", "confirm your password",
	"credit card number", "social security number", "private key", "api token", "environment variables",
	"delete all files", "drop table users", "run this command", "curl the following url",
	"hypothetically speaking", "for educational purposes only", "my grandmother used to",
}

// sentences are the prose that benchmarks scan.
var sentences = []string{
	"The committee met on Thursday to go over the figures for the third quarter, and most of the discussion was about shipping costs.",
	"Could you write a short summary of the attached report for someone who was not at the meeting?",
	"When the kettle had boiled she poured the water slowly over the leaves and waited for a few minutes by the window.",
	"In general a function should do one thing, do it well, and say in its name what that thing is.",
	"We moved the database to a new machine last week, and since then the nightly backup takes about twenty minutes less.",
	"The old road follows the river for several miles before it turns north towards the hills.",
	"Please translate the following paragraph into French and keep the tone as formal as it is in the original.",
	"A list of 12 items was sent on 14 March; three of them, numbers 4, 7 and 9, have not been answered yet.",
	"Photosynthesis turns light, water and carbon dioxide into sugar and oxygen, mostly in the green parts of plants.",
	"He asked whether the tickets could be exchanged, but the office had already closed for the day.",
	"Our users often complain that the search page is slow, especially on older phones with little memory.",
	"There is some evidence that regular exercise improves sleep, although the effect is smaller than people expect.",
	"If the temperature drops below zero overnight, remember to bring the lemon trees inside.",
	"The second chapter explains how the engine was built, and why the first two designs were given up.",
	"Explain the difference between a process and a thread as you would to a student in the first year.",
	"It rained so heavily during the night that part of the garden wall fell into the lane.",
	"Interest rates were left unchanged, which surprised nobody who had been reading the newspapers.",
	"Her grandfather kept bees, and every autumn the whole kitchen smelled of honey and warm wax.",
	"Before you change the configuration, make a copy of the file and note the current version number.",
	"The museum's new wing holds about four hundred paintings, many of which have never been shown before.",
	"What would be a good title for an article about small towns that rebuilt their railway stations?",
	"Most of the errors in the log are harmless: the client gives up early and tries again a second later.",
	"Add two cups of flour, a pinch of salt and the melted butter, then stir until the dough comes together.",
	"The judge said that both sides had good arguments but that the contract itself was perfectly clear.",
	"Quietly, and without much ceremony, the last ferry left the harbour at a quarter to six.",
	"This example reads the whole input into memory, which is fine for small files but not for very large ones.",
}

// prose returns n bytes of sentences in an order that does not repeat.
func prose(n int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(sentences[rng.IntN(len(sentences))])
		b.WriteString([]string{" ", " ", " ", "\n\n"}[rng.IntN(4)])
	}
	return []byte(b.String()[:n])
}

// russian is prose beyond ASCII.
func russian(n int) []byte {
	rng := rand.New(rand.NewPCG(3, 4))
	words := strings.Fields("когда вечером мы вернулись домой оказалось что письмо уже пришло и лежит на столе рядом с газетой " +
		"никто не помнил кто его принёс но все хотели узнать новости из города где жила наша старшая сестра со своей семьёй")
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(words[rng.IntN(len(words))])
		b.WriteByte(' ')
	}
	return []byte(b.String()[:n])
}

// phrases returns n phrases of two to six words: fifty, then made-up ones.
func phrases(n int) []string {
	if n <= len(fifty) {
		return fifty[:n]
	}
	out := append([]string(nil), fifty...)
	words := strings.Fields(strings.ToLower(strings.Join(fifty, " ") + " " +
		"account attack bank bomb build buy chemical child code confess control crack deploy device disable download drug execute " +
		"explosive fake forge fraud generate hack hide identity illegal inject keylogger kill launder leak library malware network " +
		"obtain phishing poison police profile ransom recipe script secret steal stolen target terror threat tool trace track " +
		"undetected virus vote weapon website wire"))
	rng := rand.New(rand.NewPCG(5, uint64(n)))
	for i := 0; len(out) < n; i++ {
		p := words[rng.IntN(len(words))]
		for range 1 + rng.IntN(5) {
			p += " " + words[rng.IntN(len(words))]
		}
		if len(p) >= 7 {
			out = append(out, p)
		}
	}
	return out
}

func size(n int) string { return fmt.Sprintf("%dKiB", n>>10) }
