using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Composition;

/// <summary>How tokenizer and text encoder are connected.</summary>
public sealed record TextGraphOptions
{
    /// <summary>Which input of the encoder reads which output of the tokenizer. If not specified, those of the same name are connected.</summary>
    public ImmutableDictionary<string, string> Connections { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The most tokens that the encoder reads: it gets no more than these, and nobody but "token_count" tells that there were. No limit if not specified.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>The tokenizer's output that is 1 where a token is and 0 behind the last. If not specified, optimum's: "attention_mask".</summary>
    public string AttentionMask { get; init; } = "attention_mask";

    /// <summary>Inputs of the encoder that are always 0, shaped like the token ids; "shot_ids", say, where there is one shot. None if not specified.</summary>
    public ImmutableHashSet<string> ZeroInputs { get; init; } = [];
}
