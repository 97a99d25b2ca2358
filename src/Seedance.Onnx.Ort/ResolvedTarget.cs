using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

/// <summary>What graphs run on here: an <see cref="ExecutionTarget"/> after its providers were tried.</summary>
/// <param name="Provider">The provider that gets the nodes.</param>
/// <param name="Target">What was asked for.</param>
/// <param name="Skipped">The providers that were preferred and cannot be had, in the order in which they were tried.</param>
public sealed record ResolvedTarget(ExecutionProvider Provider, ExecutionTarget Target, IReadOnlyList<SkippedProvider> Skipped)
{
    /// <summary>Of the memory that a process may have, one part in so many may be held by idle graphs.</summary>
    private const int IdleShare = 8;

    /// <summary>The device's number, from 0.</summary>
    public int DeviceId => Target.DeviceId ?? 0;

    /// <summary>What the provider computes with.</summary>
    public ComputePrecision Precision => Provider == ExecutionProvider.TensorRt ? Target.Precision ?? ComputePrecision.Fp32 : ComputePrecision.Fp32;

    /// <summary>Processor threads that one run uses.</summary>
    public int Threads => Target.Threads ?? Environment.ProcessorCount;

    /// <summary>Runs of a graph that may go on at once, each on <see cref="Threads"/> of its own; 1 if not specified.</summary>
    public int RunsAtOnce { get; init; } = 1;

    /// <summary>Nodes that may run at once on the processor.</summary>
    public int InterOpThreads => Target.InterOpThreads ?? 1;

    /// <summary>How CUDA works, if it does.</summary>
    public CudaOptions Cuda => Target.Cuda ?? new CudaOptions();

    /// <summary>
    /// How many bytes the process may hold before graphs give back what they worked in when a stage ends. On the processor an eighth of what it may have if not specified, because the next video
    /// would only ask for it again, page by page; on a device always 0.
    /// </summary>
    public long KeptBytes { get; init; } = Provider == ExecutionProvider.Cpu ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / IdleShare : 0;

    /// <summary>Whether a run that ends a stage gives back what it worked in.</summary>
    internal bool GivesBack => KeptBytes == 0 || Environment.WorkingSet > KeptBytes;

    /// <summary>ONNX Runtime's names of the allocators whose memory can be given back.</summary>
    internal string Arenas => Provider.IsNvidia() ? $"cpu:0;gpu:{DeviceId}" : "cpu:0";

    /// <summary>Whether runs of a binding are recorded as a CUDA graph and replayed.</summary>
    internal bool RecordsRuns => (Provider == ExecutionProvider.Cuda && Cuda.CudaGraph) || (Provider == ExecutionProvider.TensorRt && TensorRt.CudaGraph);

    /// <summary>How TensorRT works, if it does.</summary>
    public TensorRtOptions TensorRt => Target.TensorRt ?? new TensorRtOptions();
}
