namespace Seedance.Onnx.Forecasts;

/// <summary>What numbers a forecast takes weights and products to be in.</summary>
public enum NumberFormat
{
    /// <summary>"fp32": 4 bytes.</summary>
    Fp32,

    /// <summary>"fp16": 2 bytes, 5 bits of exponent.</summary>
    Fp16,

    /// <summary>"bf16": 2 bytes, 8 bits of exponent.</summary>
    Bf16,

    /// <summary>"fp8": products of weights with 1 byte a number; everything else as in 16 bits.</summary>
    Fp8,

    /// <summary>"int8": products of weights with 1 byte a number; everything else as in 16 bits.</summary>
    Integer8,
}
