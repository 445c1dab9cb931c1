package workflow

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"

	"slipway/internal/expr"
)

// The JSON of a token is an object with one of the members below, and with
// "line", "col" and "file" where they are known and, for the file, where it is
// not that of the token around it:
//
//	{"lit": "text"}  {"lit": true}  {"lit": null}  {"num": "1.5"}
//	{"expr": "a.b", "text": "${{ a.b }}"}  {"insert": true}
//	{"seq": [token, …]}  {"map": [key, value, key, value, …]}

// MarshalJSON returns t with its position and expressions.
func (t *Token) MarshalJSON() ([]byte, error) {
	e := newTokenEncoder()
	e.token(t, "")
	return e.out.Bytes(), e.err
}

// tokenEncoder writes tokens as JSON.
type tokenEncoder struct {
	out     bytes.Buffer
	strings *json.Encoder // to out
	err     error         // the first there was
}

func newTokenEncoder() *tokenEncoder {
	e := &tokenEncoder{}
	e.strings = json.NewEncoder(&e.out)
	e.strings.SetEscapeHTML(false)
	return e
}

// token writes t, which stands inside a token of the named file.
func (e *tokenEncoder) token(t *Token, file string) {
	if t == nil {
		e.out.WriteString("null")
		return
	}
	pos := t.Pos()
	e.value(t, pos.File)
	if pos.Line > 0 {
		e.out.WriteString(`,"line":` + itoa(pos.Line) + `,"col":` + itoa(pos.Column))
	}
	if pos.File != file {
		e.text(`,"file":`, pos.File)
	}
	e.out.WriteByte('}')
}

// value opens the object of t and writes the member that says what t is.
func (e *tokenEncoder) value(t *Token, file string) {
	switch t.kind {
	case TokenNull:
		e.out.WriteString(`{"lit":null`)
	case TokenBoolean:
		e.out.WriteString(`{"lit":` + strconv.FormatBool(t.truth))
	case TokenNumber:
		// A string, for there is no JSON for the infinities and NaN.
		e.out.WriteString(`{"num":"` + strconv.FormatFloat(t.number, 'g', -1, 64) + `"`)
	case TokenString:
		e.text(`{"lit":`, t.text)
	case TokenExpression:
		e.text(`{"expr":`, t.expr.Source())
		e.text(`,"text":`, t.text)
	case TokenInsert:
		e.out.WriteString(`{"insert":true`)
	case TokenSequence:
		e.list(`{"seq":`, t.kids, file)
	case TokenMapping:
		e.list(`{"map":`, t.kids, file)
	}
}

func (e *tokenEncoder) list(member string, tokens []*Token, file string) {
	e.out.WriteString(member + "[")
	for i, t := range tokens {
		if i > 0 {
			e.out.WriteByte(',')
		}
		e.token(t, file)
	}
	e.out.WriteByte(']')
}

func (e *tokenEncoder) text(member, s string) {
	e.out.WriteString(member)
	if err := e.strings.Encode(s); err != nil && e.err == nil {
		e.err = err
	}
	e.out.Truncate(e.out.Len() - 1) // the line break Encode ends with
}

// tokenJSON is the JSON of a token, read.
type tokenJSON struct {
	Lit    json.RawMessage `json:"lit"`
	Num    *string         `json:"num"`
	Expr   *string         `json:"expr"`
	Text   string          `json:"text"`
	Insert bool            `json:"insert"`
	Seq    []*tokenJSON    `json:"seq"`
	Map    []*tokenJSON    `json:"map"`
	Line   uint32          `json:"line"`
	Col    uint32          `json:"col"`
	File   *string         `json:"file"`
}

// UnmarshalJSON reads what MarshalJSON wrote; expressions are parsed again.
func (t *Token) UnmarshalJSON(data []byte) error {
	var j tokenJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	return j.decode(t, nil)
}

// decode sets t; src is the file of the token around it.
func (j *tokenJSON) decode(t *Token, src *source) (err error) {
	if j == nil {
		*t = Token{}
		return nil
	}
	if j.File != nil {
		src = &source{file: *j.File}
	}
	*t = Token{src: src, line: j.Line, column: j.Col}
	switch {
	case j.Num != nil:
		t.kind = TokenNumber
		t.number, err = strconv.ParseFloat(*j.Num, 64)
		if errors.Is(err, strconv.ErrRange) && math.IsInf(t.number, 0) {
			err = nil
		}
	case j.Expr != nil:
		t.kind, t.text = TokenExpression, j.Text
		t.expr, err = expr.Parse(*j.Expr, &everyName)
	case j.Insert:
		t.kind = TokenInsert
	case j.Seq != nil:
		t.kind = TokenSequence
		t.kids, err = decodeTokens(j.Seq, src)
	case j.Map != nil:
		t.kind = TokenMapping
		if len(j.Map)%2 != 0 {
			return errors.New("token: a mapping with a key that has no value")
		}
		t.kids, err = decodeTokens(j.Map, src)
	case len(j.Lit) > 0:
		err = j.literal(t)
	}
	return err
}

func decodeTokens(list []*tokenJSON, src *source) ([]*Token, error) {
	tokens := make([]Token, len(list))
	kids := make([]*Token, len(list))
	for i, j := range list {
		kids[i] = &tokens[i]
		if err := j.decode(kids[i], src); err != nil {
			return nil, err
		}
	}
	return kids, nil
}

func (j *tokenJSON) literal(t *Token) error {
	switch j.Lit[0] {
	case '"':
		t.kind = TokenString
		return json.Unmarshal(j.Lit, &t.text)
	case 't', 'f':
		t.kind = TokenBoolean
		return json.Unmarshal(j.Lit, &t.truth)
	case 'n':
		return nil
	}
	return errors.New("token: lit is neither a string, a boolean nor null")
}
