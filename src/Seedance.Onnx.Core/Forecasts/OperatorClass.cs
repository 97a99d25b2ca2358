namespace Seedance.Onnx.Forecasts;

/// <summary>Operators that reach the same share of a device's peak, so that one number says how well each of them runs.</summary>
public enum OperatorClass
{
    /// <summary>Products with weights.</summary>
    Gemm,

    /// <summary>Queries with keys, exponentials, and probabilities with values.</summary>
    Attention,

    /// <summary>Convolutions, transposed ones too.</summary>
    Convolution,

    /// <summary>All that computes little for what it moves: norms, activations, moves, sums.</summary>
    Memory,
}
