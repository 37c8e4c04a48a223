package dialect

// blockType is what the type of a content block or input item says about its members.
type blockType uint8

const (
	typeAbsent    blockType = iota
	typeText                // text, or members that speak for themselves
	typeReasoning           // the model's thoughts
	typeCall                // what the model asked of a tool
	typeResult              // what the tool returned
	typeDocument            // text the client attached
	typeImage
	typeAudio
	typeFile
	typeDrawing   // an image generation call: its result is the image
	typeEncrypted // "data" is for the provider's eyes
	typeReference // "id" names something stored
	typeUnknown
)

// typeOf lists the block and item types of both providers' APIs and of the servers that extend them. Other types are
// inspected in full as well, and counted: nobody knows what else the model is shown.
func typeOf(name []byte) blockType {
	switch string(name) {
	case "text", "input_text", "output_text", "refusal", "message", "content", "tool_reference", "compaction",
		"compaction_trigger", "configuration_update", "additional_tools", "mcp_list_tools", "mcp_tool_listing",
		"tool_addition", "tool_removal", "fallback":
		return typeText
	case "thinking", "reasoning", "summary_text", "reasoning_text":
		return typeReasoning
	case "redacted_thinking":
		return typeEncrypted
	case "tool_use", "server_tool_use", "mcp_tool_use", "function_call", "custom_tool_call", "computer_call",
		"web_search_call", "file_search_call", "code_interpreter_call", "local_shell_call", "shell_call", "apply_patch_call",
		"mcp_call", "mcp_approval_request", "tool_search_call", "program":
		return typeCall
	case "tool_result", "mcp_tool_result", "web_search_tool_result", "web_fetch_tool_result", "code_execution_tool_result",
		"bash_code_execution_tool_result", "text_editor_code_execution_tool_result", "tool_search_tool_result",
		"advisor_tool_result",
		"function_call_output", "custom_tool_call_output", "computer_call_output", "local_shell_call_output",
		"shell_call_output", "apply_patch_call_output", "tool_search_output", "program_output", "mcp_approval_response",
		"web_search_result", "web_fetch_result", "code_execution_result", "bash_code_execution_result",
		"encrypted_code_execution_result", "text_editor_code_execution_view_result",
		"text_editor_code_execution_create_result", "text_editor_code_execution_str_replace_result",
		"tool_search_tool_search_result", "advisor_result", "advisor_redacted_result", "browser_state", "logs",
		"web_search_tool_result_error", "web_fetch_tool_result_error", "code_execution_tool_result_error",
		"bash_code_execution_tool_result_error", "text_editor_code_execution_tool_result_error",
		"tool_search_tool_result_error", "advisor_tool_result_error":
		return typeResult
	case "document", "search_result":
		return typeDocument
	case "image", "image_url", "input_image", "computer_screenshot", "image_embeds":
		return typeImage
	case "input_audio", "audio", "audio_url", "audio_embeds":
		return typeAudio
	case "file", "input_file", "container_upload", "code_execution_output", "bash_code_execution_output", "document_url":
		return typeFile
	case "image_generation_call":
		return typeDrawing
	case "item_reference":
		return typeReference
	}
	return typeUnknown
}

// channel is where text of a block goes whose members do not say; ChannelNone leaves it to the message's role.
func (t blockType) channel() (Channel, Role) {
	switch t {
	case typeReasoning:
		return ChannelAssistant, RoleAssistant
	case typeCall, typeDrawing:
		return ChannelToolArguments, RoleAssistant
	case typeResult:
		return ChannelToolResult, RoleTool
	case typeDocument, typeFile:
		return ChannelDocument, RoleNone
	default:
		return ChannelNone, RoleNone
	}
}

// opaque is a set of kinds of data that a block holds and nobody can read here.
type opaque uint8

const (
	opaqueImage opaque = 1 << iota
	opaqueAudio
	opaqueFile
	opaqueEncrypted
	opaqueStored // something stored at the provider
	opaqueOther
)

// count adds the kinds of data in set to what Weir could not read.
func (u *Uninspected) count(set opaque) {
	for ; set != 0; set &= set - 1 {
		switch set & -set {
		case opaqueImage:
			u.Images++
		case opaqueAudio:
			u.Audio++
		case opaqueFile:
			u.Files++
		case opaqueEncrypted:
			u.Encrypted++
		case opaqueStored:
			u.PreviousResponses++
		case opaqueOther:
			u.Other++
		}
	}
}
