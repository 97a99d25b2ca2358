namespace Seedance.Onnx.Execution;

/// <summary>How cuDNN's algorithm for a convolution is found.</summary>
public enum ConvolutionSearch
{
    /// <summary>"heuristic": by a rule, at once; what shapes that change want.</summary>
    Heuristic,

    /// <summary>"exhaustive": by trying all of them for each new shape, with the memory that each wants.</summary>
    Exhaustive,

    /// <summary>"default": cuDNN's first one, which needs little memory and may be slow.</summary>
    Default,
}
