using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Composition;

/// <summary>How tokenizer and text encoder are connected.</summary>
public sealed record TextGraphOptions
{
    /// <summary>Which input of the encoder reads which output of the tokenizer. If not specified, those of the same name are connected.</summary>
    public ImmutableDictionary<string, string> Connections { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Inputs of the encoder that are always 0, shaped like the token ids; "shot_ids", say, where there is one shot. None if not specified.</summary>
    public ImmutableHashSet<string> ZeroInputs { get; init; } = [];
}
