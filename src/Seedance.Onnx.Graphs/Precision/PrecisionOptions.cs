using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Precision;

/// <summary>How a model is converted to another precision.</summary>
public sealed record PrecisionOptions
{
    /// <summary>What its numbers become.</summary>
    public required GraphPrecision Precision { get; init; }

    /// <summary>Nodes that stay as they are, by name; "*" stands for any characters: "/blocks.0/*", "*/head/MatMul". None if not specified.</summary>
    public ImmutableArray<string> KeepNames { get; init; } = [];

    /// <summary>Operators that stay in single precision where the rest becomes half; those of <see cref="Float16Conversion.KeptOperators"/> always do. None more if not specified.</summary>
    public ImmutableHashSet<string> KeepOperators { get; init; } = [];

    /// <summary>Weights with fewer elements than this are not quantised. If not specified, 4096.</summary>
    public long SmallestWeight { get; init; } = 4096;

    /// <summary>Elements of a weight that share a scale, along the summed axis, in <see cref="GraphPrecision.Weights8"/> and <see cref="GraphPrecision.Weights4"/>: a power of two from 16. If not specified, 32.</summary>
    public int BlockSize { get; init; } = 32;

    /// <summary>Whether 8-bit weights use 7 bits, for processors whose products of bytes overflow (x86 without VNNI). If not specified, false.</summary>
    public bool ReducedRange { get; init; }

    internal string? FindProblem() => BlockSize < 16 || (BlockSize & (BlockSize - 1)) != 0 ? $"Block size must be a power of two from 16, but is {BlockSize}." : null;
}
