namespace Seedance.Onnx.Graphs.Precision;

/// <summary>What the numbers of a converted model are.</summary>
public enum GraphPrecision
{
    /// <summary>As they are: single precision, mostly.</summary>
    Float32,

    /// <summary>Half precision inside; inputs and outputs stay as they are.</summary>
    Float16,

    /// <summary>Matrix products of 8-bit weights, signed and scaled for each column, with activations that are scaled to 8 bits while the model runs.</summary>
    Int8,

    /// <summary>8-bit weights for storage and bandwidth; the arithmetic stays as it is.</summary>
    Weights8,

    /// <summary>4-bit weights for storage and bandwidth; the arithmetic stays as it is.</summary>
    Weights4,
}
