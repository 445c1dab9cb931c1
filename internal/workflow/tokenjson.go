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
	return t.appendJSON(nil, "")
}

func (t *Token) appendJSON(b []byte, file string) ([]byte, error) {
	if t == nil {
		return append(b, "null"...), nil
	}
	var err error
	switch t.kind {
	case TokenNull:
		b = append(b, `{"lit":null`...)
	case TokenBoolean:
		b = strconv.AppendBool(append(b, `{"lit":`...), t.truth)
	case TokenNumber:
		// A string, for there is no JSON for the infinities and NaN.
		b = append(b, `{"num":"`...)
		b = append(strconv.AppendFloat(b, t.number, 'g', -1, 64), '"')
	case TokenString:
		b, err = appendString(append(b, `{"lit":`...), t.text)
	case TokenExpression:
		if b, err = appendString(append(b, `{"expr":`...), t.expr.Source()); err != nil {
			return nil, err
		}
		b, err = appendString(append(b, `,"text":`...), t.text)
	case TokenInsert:
		b = append(b, `{"insert":true`...)
	}
	if err != nil {
		return nil, err
	}
	pos := t.Pos()
	switch t.kind {
	case TokenSequence, TokenMapping:
		if b, err = t.appendKids(b, pos.File); err != nil {
			return nil, err
		}
	}
	if pos.Line > 0 {
		b = strconv.AppendInt(append(b, `,"line":`...), int64(pos.Line), 10)
		b = strconv.AppendInt(append(b, `,"col":`...), int64(pos.Column), 10)
	}
	if pos.File != file {
		if b, err = appendString(append(b, `,"file":`...), pos.File); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func (t *Token) appendKids(b []byte, file string) ([]byte, error) {
	member := `{"seq":[`
	if t.kind == TokenMapping {
		member = `{"map":[`
	}
	b = append(b, member...)
	for i, kid := range t.kids {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = kid.appendJSON(b, file); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendString(b []byte, s string) ([]byte, error) {
	buffer := bytes.NewBuffer(b)
	e := json.NewEncoder(buffer)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
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
	return t.from(&j, nil)
}

func (t *Token) from(j *tokenJSON, src *source) (err error) {
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
		t.kids, err = tokensFrom(j.Seq, src)
	case j.Map != nil:
		t.kind = TokenMapping
		if len(j.Map)%2 != 0 {
			return errors.New("token: a mapping with a key that has no value")
		}
		t.kids, err = tokensFrom(j.Map, src)
	case len(j.Lit) > 0:
		err = t.literalFrom(j.Lit)
	}
	return err
}

func tokensFrom(list []*tokenJSON, src *source) ([]*Token, error) {
	tokens := make([]Token, len(list))
	kids := make([]*Token, len(list))
	for i, j := range list {
		kids[i] = &tokens[i]
		if err := kids[i].from(j, src); err != nil {
			return nil, err
		}
	}
	return kids, nil
}

func (t *Token) literalFrom(raw json.RawMessage) error {
	switch raw[0] {
	case '"':
		t.kind = TokenString
		return json.Unmarshal(raw, &t.text)
	case 't', 'f':
		t.kind = TokenBoolean
		return json.Unmarshal(raw, &t.truth)
	case 'n':
		return nil
	}
	return errors.New("token: lit is neither a string, a boolean nor null")
}
