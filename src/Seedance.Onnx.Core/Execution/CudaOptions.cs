namespace Seedance.Onnx.Execution;

/// <summary>How the CUDA provider works. Immutable. Not yet run on a card.</summary>
public sealed record CudaOptions
{
    /// <summary>The most bytes that the provider's arena takes from the card; what cuDNN and the weights of TensorRT take is not in it. No limit if not specified.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>How the arena grows; by what is needed if not specified.</summary>
    public ArenaGrowth ArenaGrowth { get; init; }

    /// <summary>How algorithms of convolutions are found; by a rule if not specified, because sizes change from request to request.</summary>
    public ConvolutionSearch ConvolutionSearch { get; init; }

    /// <summary>Whether convolutions may take all the memory that their fastest algorithm wants; true if not specified.</summary>
    public bool ConvolutionMaxWorkspace { get; init; } = true;

    /// <summary>Whether products of float32 may be rounded to 10 bits (TF32) before they are summed; false if not specified, because results then differ by 1e-3.</summary>
    public bool Tf32 { get; init; }

    /// <summary>Whether convolutions work with channels last, for cards whose half-precision kernels want that; false if not specified.</summary>
    public bool PreferNhwc { get; init; }

    /// <summary>Whether a convolution and its bias are one kernel; false if not specified.</summary>
    public bool FuseConvolutionBias { get; init; }

    /// <summary>Whether the first run is recorded and replayed from then on; needs shapes that never change. False if not specified.</summary>
    public bool CudaGraph { get; init; }

    /// <summary>Whether kernels are tuned while graphs run: slow the first time, for each shape. False if not specified.</summary>
    public bool TuneKernels { get; init; }

    /// <summary>Everything that is wrong with the values.</summary>
    internal IEnumerable<string> FindProblems()
    {
        if (MemoryLimitBytes is <= 0)
        {
            yield return $"The memory limit of provider 'cuda' must be above 0 bytes, but is {MemoryLimitBytes}. Leave it out for no limit.";
        }
    }
}
