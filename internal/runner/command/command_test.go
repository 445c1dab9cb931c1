package command

import (
	"fmt"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		// `name {key=value …} data`, quoted where it helps
		{"##[group k1=v1;]msg", `group [k1="v1"] "msg"`},
		{"##[group]", `group [] ""`},
		{"##[group k1=%3B=%0D=%0A=%5D;]%3B-%0D-%0A-%5D", `group [k1=";=\r=\n=]"] ";-\r-\n-]"`},
		{"##[group k1=%253B=%250D=%250A=%255D;]%253B-%250D-%250A-%255D", `group [k1="%3B=%0D=%0A=%5D"] "%3B-%0D-%0A-%5D"`},
		{"##[group k1=;k2=;]", `group [] ""`},
		{">>>   ##[group k1=v1;]msg", `group [k1="v1"] "msg"`},
		{"##[group k1=v1,k2=v2]%2C%3A", `group [k1="v1,k2=v2"] "%2C%3A"`},
		{"##[GROUP]x", `group [] "x"`},
		{"##[other]x ##[group]y", ""}, // only the first counts
		{"##[group", ""},
		{"##[]", ""},
		{"[group]", ""},

		{"::group k1=v1,::msg", `group [k1="v1"] "msg"`},
		{"::group::", `group [] ""`},
		{"::group k1=;=%2C=%0D=%0A=]=%3A,::;-%0D-%0A-]-:-,", `group [k1=";=,=\r=\n=]=:"] ";-\r-\n-]-:-,"`},
		{"::group k1=;=%252C=%250D=%250A=]=%253A,::;-%250D-%250A-]-:-,", `group [k1=";=%2C=%0D=%0A=]=%3A"] ";-%0D-%0A-]-:-,"`},
		{"::group k1=,k2=,::", `group [] ""`},
		{"::group k1=v1::", `group [k1="v1"] ""`},
		{"   ::group k1=v1,::msg", `group [k1="v1"] "msg"`},
		{"\u00a0\t::group::msg", `group [] "msg"`},
		{"   >>>   ::group k1=v1,::msg", ""},
		{"::group k1=v1", ""},
		{"::unknown::x", ""},
		{"::::", ""},
		{":group::x", ""},
		{"::group  k1=v1 ::x", `group [k1="v1"] "x"`},                // space around the properties goes
		{"::group k1=a, k2=b::x", `group [k1="a" " k2"="b"] "x"`},    // not inside
		{"::group k1==a=b=,=k2==,==,k3::x", `group [k1="a=b="] "x"`}, // a key without a value is none
		{"::Error FILE=a,file=b::%0a%0A%25", `error [FILE="a" file="b"] "%0a\n%"`},
		{"::unknown:: ##[group]x", `group [] "x"`}, // the other form is tried
		{"::group k=v::a::b", `group [k="v"] "a::b"`},
		{"::token::", ""},
		{"", ""},
		{"\xff::group::", ""},
		{"::group::\xff\x00", `group [] "\xff\x00"`},
	} {
		got := ""
		if parsed, ok := Parse([]byte(c.line), ""); ok {
			got = show(parsed)
		}
		if got != c.want {
			t.Errorf("%q: got %s, want %s", c.line, got, c.want)
		}
	}
}

func show(c Command) string {
	var properties []string
	for _, p := range c.Properties {
		key := p.Key
		if strings.Contains(key, " ") {
			key = fmt.Sprintf("%q", key)
		}
		properties = append(properties, fmt.Sprintf("%s=%q", key, p.Value))
	}
	return fmt.Sprintf("%s [%s] %q", c.Name, strings.Join(properties, " "), c.Data)
}

func TestParseToken(t *testing.T) {
	for _, c := range []struct {
		line, token string
		want        bool
	}{
		{"::tok::", "tok", true}, {"::TOK::", "tok", true}, {"##[tok]", "tok", true}, {"::tok2::", "tok", false}, {"::::", "", false},
	} {
		if got, ok := Parse([]byte(c.line), c.token); ok != c.want || ok && got.Name != c.token {
			t.Errorf("%q with token %q: got %v, %v", c.line, c.token, got, ok)
		}
	}
}

func TestGet(t *testing.T) {
	c, _ := Parse([]byte("::error FILE=a,file=b,Line=3::"), "")
	for key, want := range map[string]string{"file": "b", "LINE": "3", "col": ""} {
		if got := c.Get(key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
}

func TestNamesAreKnown(t *testing.T) {
	for _, name := range Names() {
		if got := known([]byte(strings.ToUpper(name))); got != name {
			t.Errorf("%s: got %q", name, got)
		}
	}
	for _, name := range []string{"", "x", "internal-set-repo-path", strings.Repeat("group", 10)} {
		if got := known([]byte(name)); got != "" {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestParseAllocatesOnlyForCommands(t *testing.T) {
	lines := [][]byte{[]byte("plain text: std::vector"), []byte("  ::other k=v::data"), []byte("##[other]x"), []byte("::group")}
	if n := testing.AllocsPerRun(100, func() {
		for _, line := range lines {
			Parse(line, "token")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{"::error file=a,line=1::x%0Ay", "##[group k=v;]x", "::stop-commands::t", "::::", "##[", "\u00a0::echo::on", "::set-output name==x::"} {
		f.Add([]byte(line), "token")
	}
	f.Fuzz(func(t *testing.T, line []byte, token string) {
		c, ok := Parse(line, token)
		if !ok {
			return
		}
		if c.Name == "" {
			t.Fatalf("%q: no name", line)
		}
		for _, p := range c.Properties {
			if p.Key == "" {
				t.Fatalf("%q: a property without a key", line)
			}
		}
		if len(c.Data) > len(line) {
			t.Fatalf("%q: data grew to %q", line, c.Data)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, line := range []string{"   ::no command at all but a line that looks like one::", "::error file=a.go,line=12,col=3::something is%0Awrong"} {
		b.Run(line[:9], func(b *testing.B) {
			b.ReportAllocs()
			text := []byte(line)
			for b.Loop() {
				Parse(text, "")
			}
		})
	}
}
