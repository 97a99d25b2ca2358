using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Graphs.Running;

namespace Seedance.Onnx.Optimization;

/// <summary>What became of one graph.</summary>
public sealed record GraphOptimization
{
    /// <summary>Its role in the pack; the file's name for a graph that is in none.</summary>
    public required string Graph { get; init; }

    /// <summary>What each pass changed.</summary>
    public required OptimizationReport Passes { get; init; }

    /// <summary>What was converted, and what kept its precision.</summary>
    public required PrecisionReport Precision { get; init; }

    /// <summary>Nodes that kept their precision because half precision has no room for their values, by name.</summary>
    public required ImmutableArray<string> OverflowKeeps { get; init; }

    /// <summary>Nodes that kept their precision because converting them does the most harm, the worst first.</summary>
    public required ImmutableArray<NodeSensitivity> SensitiveKeeps { get; init; }

    /// <summary>Bytes of its files before.</summary>
    public required long BytesBefore { get; init; }

    /// <summary>Bytes of its files after.</summary>
    public required long BytesAfter { get; init; }

    /// <summary>The shape of each input in the runs that it was measured with; empty when it was not.</summary>
    public required ImmutableSortedDictionary<string, ImmutableArray<long>> Shapes { get; init; }

    /// <summary>How far each output is from what it was, for the worst sample, in the graph's order; empty when nothing was run.</summary>
    public required ImmutableArray<OutputDifference> Differences { get; init; }

    /// <summary>Whether there was nothing to do: the file that was written computes with the same nodes.</summary>
    public bool IsUnchanged => Passes.IsUnchanged && Precision.Converted.IsEmpty;
}
