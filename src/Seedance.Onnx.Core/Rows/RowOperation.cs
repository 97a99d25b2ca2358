namespace Seedance.Onnx.Rows;

/// <summary>What a <see cref="RowStep"/> computes. Its name in a program's text is that of the member, in small letters.</summary>
public enum RowOperation
{
    /// <summary>a + b.</summary>
    Add,

    /// <summary>a − b.</summary>
    Sub,

    /// <summary>a · b.</summary>
    Mul,

    /// <summary>a · b + c, rounded once or twice, as the processor does it.</summary>
    MulAdd,

    /// <summary>(a − mean(a)) / √(variance(a) + b), mean and variance over the row: LayerNormalization without scale and bias.</summary>
    Norm,

    /// <summary>a / √(mean(a²) + b), the mean over the row: RMSNormalization without scale.</summary>
    Rms,

    /// <summary>a / (1 + exp(−b · a)): com.microsoft.QuickGelu with alpha b; SiLU for 1.</summary>
    Swish,

    /// <summary>Of the halves a and b of a row, a · cos − b · sin and then a · sin + b · cos: rotary positions. Rows of cosines (the second value) and sines (the third) are half as long.</summary>
    Rotate,
}
