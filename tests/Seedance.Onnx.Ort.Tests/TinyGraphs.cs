using System.Collections.Immutable;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Packs;

// Native objects are counted over the whole process, and allocations are measured.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Seedance.Onnx.Ort;

/// <summary>The graphs of the folder graphs, which export-scripts/tests/make_graphs.py writes, and their contracts.</summary>
internal static class TinyGraphs
{
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "graphs");

    /// <summary>total = left + right, all float32 [N, 3].</summary>
    public static GraphContract Add { get; } = Contract(
        "add", [Tensor("left", ElementType.Float32, "N", 3), Tensor("right", ElementType.Float32, "N", 3)], [Tensor("total", ElementType.Float32, "N", 3)]);

    /// <summary>result = value · 1 · 1 · …, count times.</summary>
    public static GraphContract Repeat { get; } = Contract(
        "repeat", [Tensor("value", ElementType.Float32, "N"), Tensor("count", ElementType.Int64)], [Tensor("result", ElementType.Float32, "N")]);

    /// <summary>row = table[index] of a table with 3 rows.</summary>
    public static GraphContract Pick { get; } = Contract("pick", [Tensor("index", ElementType.Int64, "N")], [Tensor("row", ElementType.Float32, "N", 2)]);

    /// <summary>Lower case and length of each text, by operators of ONNX Runtime Extensions.</summary>
    public static GraphContract Words { get; } = Contract(
        "words", [Tensor("text", ElementType.Text, "N")], [Tensor("lower", ElementType.Text, "N"), Tensor("length", ElementType.Int64, "N")]);

    /// <summary>scaled = value · (2, 3, 4, 5), with the weight in weight.bin.</summary>
    public static GraphContract External { get; } = Contract(
        "external", [Tensor("value", ElementType.Float32, "N", 4)], [Tensor("scaled", ElementType.Float32, "N", 4)]);

    public static GraphSession Open(GraphContract contract) => GraphSession.Open(Folder, contract, ExecutionTarget.Cpu);

    /// <param name="name">The tensor's name, in the contract and in the file.</param>
    /// <param name="type">The type of its elements.</param>
    /// <param name="axes">An int for a fixed axis, a string for a free one.</param>
    public static TensorContract Tensor(string name, ElementType type, params object[] axes) => new()
    {
        Name = name,
        FileName = name,
        ElementType = type,
        Axes = [.. axes.Select(axis => axis is int length ? TensorAxis.Fixed(length) : TensorAxis.Free((string)axis))],
    };

    private static GraphContract Contract(string name, ImmutableArray<TensorContract> inputs, ImmutableArray<TensorContract> outputs) =>
        new() { Role = name, File = $"{name}.onnx", Inputs = inputs, Outputs = outputs };
}
