# METADATA
# title: Text that people wrote
# description: Tells an answer from an empty field or a placeholder, and matches addresses against patterns.
package policies.lib.text

_placeholder := concat("", [
	"^(n/?a|none|no|tbd|tba|todo|fixme|unknown|see (above|below|pr|ticket)|[?.x-]+",
	"|(git )?revert( (the|this))?( (pr|mr|pull request|merge request|commit|merge|change))?|roll ?back)?$",
])

# Something was written: not null, not empty text.
given(value) if {
	value != null
	value != ""
	not _blank(value)
}

_blank(value) if {
	is_string(value)
	trim_space(value) == ""
}

# A sentence or a name, not a placeholder.
answered(value) if {
	is_string(value)
	normal := trim(lower(trim_space(value)), " .!")
	not regex.match(_placeholder, normal)
}

# `*` stands for any run of characters, dots and brackets included; everything else stands for itself.
matches(pattern, value) if {
	contains(pattern, "*")
	regex.match(_as_regex(pattern), value)
}

_as_regex(pattern) := concat("", ["^", replace(escaped, "*", ".*"), "$"]) if {
	# In two steps: an engine may apply the replacements one after the other.
	escaped := strings.replace_n(
		{
			".": `\.`, "+": `\+`, "?": `\?`, "(": `\(`, ")": `\)`, "[": `\[`, "]": `\]`, "{": `\{`, "}": `\}`,
			"^": `\^`, "$": `\$`, "|": `\|`,
		},
		replace(pattern, `\`, `\\`),
	)
}
