namespace Seedance.Onnx.Optimization;

/// <summary>What is done with a graph, one after the other.</summary>
public enum OptimizationStep
{
    /// <summary>The graph runs as it is, so that there is something to compare with.</summary>
    Reference,

    /// <summary>Passes rewrite it.</summary>
    Passes,

    /// <summary>Values that are too large for half precision are looked for.</summary>
    Overflows,

    /// <summary>One node after another is converted alone, to see what that does.</summary>
    Sensitivity,

    /// <summary>It is converted and written.</summary>
    Conversion,

    /// <summary>What was written runs, and its outputs are compared.</summary>
    Comparison,

    /// <summary>TensorRT compiles what was written, which takes minutes.</summary>
    Compilation,
}
