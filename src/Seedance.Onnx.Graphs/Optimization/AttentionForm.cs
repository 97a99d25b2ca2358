namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>What attention becomes.</summary>
public enum AttentionForm
{
    /// <summary>It stays as it is: matrix products around a softmax.</summary>
    Decomposed,

    /// <summary>ONNX Runtime's own com.microsoft.MultiHeadAttention.</summary>
    MultiHeadAttention,

    /// <summary>ONNX's own Attention, of version 23 and later; models of an older version are raised to 23.</summary>
    Attention,
}
