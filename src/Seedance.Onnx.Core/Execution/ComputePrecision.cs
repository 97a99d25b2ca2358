namespace Seedance.Onnx.Execution;

/// <summary>What numbers a provider computes with inside a graph. What goes in and comes out keeps the type that the pack declares.</summary>
public enum ComputePrecision
{
    /// <summary>"fp32": as the graph's file says.</summary>
    Fp32,

    /// <summary>"fp16": half precision where TensorRT finds it faster; 5 bits of exponent, so that large values overflow.</summary>
    Fp16,

    /// <summary>"bf16": half precision with 8 bits of exponent, on cards of the Ampere generation and later.</summary>
    Bf16,
}
