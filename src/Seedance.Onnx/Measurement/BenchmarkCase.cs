using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Measurement;

/// <summary>One way to make one video, to be measured. Immutable.</summary>
public sealed record BenchmarkCase
{
    /// <summary>What it is called, for example "frames 41".</summary>
    public required string Name { get; init; }

    /// <summary>What it is compared with others by: "frames", "ladder".</summary>
    public required string Group { get; init; }

    /// <summary>The pack's folder.</summary>
    public required string Pack { get; init; }

    /// <summary>The video.</summary>
    public required VideoRequest Request { get; init; }

    /// <summary>What the transformer's numbers become before it is run; as they are if not specified.</summary>
    public GraphPrecision Precision { get; init; } = GraphPrecision.Float32;

    /// <summary>Whether operators are fused; true if not specified.</summary>
    public bool FusesOperators { get; init; } = true;

    /// <summary>What to run on; the processor if not specified.</summary>
    public ExecutionTarget Target { get; init; } = ExecutionTarget.Cpu;
}
