namespace Seedance.Onnx.Ort;

/// <summary>What a graph runs on.</summary>
public sealed record ExecutionTarget
{
    /// <summary>The processor with ONNX Runtime's own kernels.</summary>
    public static ExecutionTarget Cpu { get; } = new();

    /// <summary>Which providers get a graph's nodes, the preferred one first. If not specified, only the CPU.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The list is empty.</exception>
    public IReadOnlyList<ExecutionProvider> Providers
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            ArgumentOutOfRangeException.ThrowIfZero(value.Count, nameof(value));
            field = value;
        }
    } = [ExecutionProvider.Cpu];

    /// <summary>Threads that one run uses, the calling one among them. If not specified, one a processor that this process may use.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int Threads
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = Environment.ProcessorCount;
}
