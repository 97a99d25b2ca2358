namespace Seedance.Onnx.Graphs;

/// <summary>Limits while a model is read.</summary>
public sealed record OnnxReadOptions
{
    /// <summary>Tensors of at least this many bytes stay in the file. If not specified, 16 KiB.</summary>
    public long LargeTensorBytes { get; init; } = 16 << 10;

    /// <summary>
    /// The most bytes that a file may have beside its large tensors: nodes, names, small tensors, and tensors in the old typed fields. Reading takes memory
    /// in proportion to it, about 100 times at worst. If not specified, 512 MiB.
    /// </summary>
    public long MaxStructureBytes { get; init; } = 512L << 20;
}
