package policy

import (
	"math/bits"

	"weir/host/frame"
	"weir/sdk/abi"
)

// framer writes the frames of a run: exactly what a plugin's manifest asks for in a hook. It is a frame.Encoder for the call in
// hand; its layout is laid out once for neighbours that want the same.
type framer struct {
	run    *Run
	stage  *stage
	seat   *seat
	layout frame.Layout
	laid   abi.Set // the layout's, when another on_request with the same flags can use it
	hook   abi.Hook
	flags  uint32
	// filtered: the frame shows what of the request the recall says, not all.
	filtered bool

	batch    *Batch
	usage    *frame.UsageInfo
	answer   []byte
	judge    *frame.JudgeInfo
	feedback *frame.FeedbackInfo
}

func (f *framer) reset() { *f = framer{} }

// changed tells that the request is another than the layout was made for.
func (f *framer) changed() { f.laid = 0 }

// changing are the sections of on_request whose content differs from plugin to plugin.
const changing abi.Set = 1<<abi.SectionHeaders | 1<<abi.SectionTargets | 1<<abi.SectionScores | 1<<abi.SectionTags | 1<<abi.SectionMemo

// lay lays out the frame for a call of stage i.
func (f *framer) lay(r *Run, i int, h abi.Hook) *frame.Fault {
	f.run, f.stage, f.seat = r, &r.chain.stages[i], &r.seats[i]
	set := f.stage.sections[h]
	if h == abi.HookEnd && f.seat.wantText {
		set = set.With(abi.SectionResponseText)
	}
	var flags uint32
	if f.stage.observe {
		flags |= abi.FrameObserve
	}
	if r.subject.Replay {
		flags |= abi.FrameReplay
	}
	if f.filtered = f.stage.scope != nil && h == abi.HookRequest; f.filtered {
		r.recall.find(r, f.stage)
	}
	if h == abi.HookRequest && f.laid == set && !f.filtered && f.flags == flags && set != 0 {
		return nil
	}
	f.laid, f.hook, f.flags = 0, h, flags
	f.layout.Reset(h, flags)
	for rest := uint32(set); rest != 0; rest &= rest - 1 {
		k := abi.Section(bits.TrailingZeros32(rest))
		f.layout.Add(k, f.length(k))
	}
	if fault := f.layout.Fault(); fault != nil {
		return fault
	}
	if h == abi.HookRequest && set&changing == 0 && !f.filtered {
		f.laid = set
	}
	return nil
}

// length is how long a section is, in bytes.
func (f *framer) length(k abi.Section) int {
	r := f.run
	switch k {
	case abi.SectionRequest:
		return abi.RequestSize
	case abi.SectionTenant:
		return len(r.subject.Tenant)
	case abi.SectionRoute:
		return len(r.subject.Route)
	case abi.SectionModel:
		return len(r.subject.Model)
	case abi.SectionRequestID:
		return len(r.subject.RequestID)
	case abi.SectionSession:
		return abi.SessionSize + len(r.subject.Session)
	case abi.SectionMessages:
		return abi.PartSize * f.parts()
	case abi.SectionText:
		return f.textLength()
	case abi.SectionSignals:
		return 4 * len(r.signalVector())
	case abi.SectionPrefix:
		return r.prefixInfo().Size()
	case abi.SectionTools:
		return abi.ToolSize * len(r.request.Tools)
	case abi.SectionHeaders:
		return frame.HeadersSize(r.headerList(f.stage))
	case abi.SectionTargets:
		return frame.TargetsSize(r.targetList(f.stage.withheld))
	case abi.SectionStreamState:
		return len(f.seat.state)
	case abi.SectionUsage:
		return f.usage.Size()
	case abi.SectionDelta:
		return frame.DeltasSize(len(f.batch.Items))
	case abi.SectionResponseText:
		return len(f.answer)
	case abi.SectionJudge:
		return f.judge.Size()
	case abi.SectionFeedback:
		return f.feedback.Size()
	case abi.SectionBody:
		return len(r.request.Body)
	case abi.SectionScores:
		return frame.ScoresSize(r.notes.shown.scores)
	case abi.SectionTags:
		return frame.TagsSize(r.notes.shown.tags)
	case abi.SectionMemo:
		return frame.ScoresSize(r.recall.list(f.filtered))
	default:
		return 0
	}
}

func (f *framer) textLength() int {
	if f.hook == abi.HookDelta {
		return len(f.batch.Text)
	}
	if f.filtered {
		return f.run.recall.bytes
	}
	return len(f.run.request.Arena)
}

// parts is the number of entries of MESSAGES.
func (f *framer) parts() int {
	if f.filtered {
		return len(f.run.recall.shown)
	}
	return len(f.run.request.Parts)
}

// part is the request's part that entry i of MESSAGES shows, and whether it is there as context only.
func (f *framer) part(i int) (part int, context, ok bool) {
	if i < 0 || i >= f.parts() || !f.layout.Has(abi.SectionMessages) {
		return 0, false, false
	}
	if f.filtered {
		p := &f.run.recall.shown[i]
		return int(p.part), p.flags&abi.PartContext != 0, true
	}
	return i, false, true
}

// Size is the frame's length, in bytes.
func (f *framer) Size() int { return f.layout.Size() }

// Encode writes the frame.
func (f *framer) Encode(dst []byte) {
	w := f.layout.Writer(dst)
	r := f.run
	s := &r.subject
	for rest := uint32(f.layout.Sections()); rest != 0; rest &= rest - 1 {
		switch k := abi.Section(bits.TrailingZeros32(rest)); k {
		case abi.SectionRequest:
			info := r.requestInfo()
			if f.filtered {
				less := *info
				less.Parts, less.TextBytes = uint32(f.parts()), uint32(f.textLength())
				info = &less
			}
			w.Request(info)
		case abi.SectionTenant:
			w.String(k, s.Tenant)
		case abi.SectionRoute:
			w.String(k, s.Route)
		case abi.SectionModel:
			w.String(k, s.Model)
		case abi.SectionRequestID:
			w.String(k, s.RequestID)
		case abi.SectionSession:
			info := r.sessionInfo()
			w.Session(&info)
		case abi.SectionMessages:
			f.putParts(w.Parts())
		case abi.SectionText:
			f.putText(&w)
		case abi.SectionSignals:
			w.Signals(r.signalVector()[:])
		case abi.SectionPrefix:
			w.Prefix(r.prefixInfo())
		case abi.SectionTools:
			f.putTools(w.Tools())
		case abi.SectionHeaders:
			w.Headers(r.facts.headers)
		case abi.SectionTargets:
			w.Targets(r.facts.targets)
		case abi.SectionBody:
			w.Bytes(k, r.request.Body)
		case abi.SectionScores:
			w.Scores(k, r.notes.shown.scores)
		case abi.SectionTags:
			w.Tags(r.notes.shown.tags)
		case abi.SectionMemo:
			w.Scores(k, r.recall.list(f.filtered))
		default:
			f.encodeAnswer(&w, k)
		}
	}
}

// encodeAnswer writes the sections that are not about the request.
func (f *framer) encodeAnswer(w *frame.Writer, k abi.Section) {
	switch k {
	case abi.SectionStreamState:
		w.Bytes(k, f.seat.state)
	case abi.SectionUsage:
		w.Usage(f.usage)
	case abi.SectionDelta:
		entries := w.Deltas(f.batch.Batch)
		for i := range f.batch.Items {
			entries.Put(i, f.batch.Items[i])
		}
	case abi.SectionResponseText:
		w.Bytes(k, f.answer)
	case abi.SectionJudge:
		w.Judge(f.judge)
	case abi.SectionFeedback:
		w.Feedback(f.feedback)
	}
}

func (f *framer) putText(w *frame.Writer) {
	if f.hook == abi.HookDelta {
		w.Bytes(abi.SectionText, f.batch.Text)
		return
	}
	if f.filtered {
		f.run.recall.putText(f.run.request, w.Section(abi.SectionText))
		return
	}
	w.Bytes(abi.SectionText, f.run.request.Arena)
}

func (f *framer) putParts(l frame.Parts) {
	if f.filtered {
		f.run.recall.putParts(f.run.request, l)
		return
	}
	for i := range f.run.request.Parts {
		p := &f.run.request.Parts[i]
		l.Put(i, frame.Part{
			Role: uint8(p.Role), Channel: uint8(p.Channel), Kind: uint8(p.Kind),
			Message: uint32(p.Message), Offset: uint32(p.Offset), Length: uint32(p.Length), // -1 is abi.None
		})
	}
}

func (f *framer) putTools(l frame.Tools) {
	for i := range f.run.request.Tools {
		t := f.run.request.Tools[i]
		if f.filtered {
			t = f.run.recall.tool(t)
		}
		l.Put(i, frame.Tool{Name: uint32(t.Name), Description: uint32(t.Description), Schema: uint32(t.Schema)})
	}
}
