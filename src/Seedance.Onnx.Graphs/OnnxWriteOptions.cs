namespace Seedance.Onnx.Graphs;

/// <summary>Where tensors go when a model is written.</summary>
public sealed record OnnxWriteOptions
{
    /// <summary>A model whose tensors take more bytes than this has the large ones in a file beside it. If not specified, 1.5 GiB; the format's own limit is 2 GiB.</summary>
    public long InlineLimitBytes { get; init; } = 3L << 29;

    /// <summary>Tensors of fewer bytes than this stay in the model's own file. If not specified, 1 KiB.</summary>
    public long ExternalTensorBytes { get; init; } = 1 << 10;

    /// <summary>The name of the file beside the model. If not specified, the model's with ".data" behind it.</summary>
    public string? ExternalFileName { get; init; }
}
