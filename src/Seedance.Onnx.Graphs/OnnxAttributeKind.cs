namespace Seedance.Onnx.Graphs;

/// <summary>What an attribute holds, with the numbers of the ONNX file format.</summary>
public enum OnnxAttributeKind
{
    /// <summary>Not said.</summary>
    Undefined = 0,

    /// <summary>One single-precision number.</summary>
    Float = 1,

    /// <summary>One 64-bit integer.</summary>
    Int = 2,

    /// <summary>One text.</summary>
    Text = 3,

    /// <summary>One tensor.</summary>
    Tensor = 4,

    /// <summary>One graph.</summary>
    Graph = 5,

    /// <summary>Single-precision numbers.</summary>
    Floats = 6,

    /// <summary>64-bit integers.</summary>
    Ints = 7,

    /// <summary>Texts.</summary>
    Texts = 8,

    /// <summary>Tensors.</summary>
    Tensors = 9,

    /// <summary>Graphs.</summary>
    Graphs = 10,

    /// <summary>One sparse tensor.</summary>
    SparseTensor = 11,

    /// <summary>Sparse tensors.</summary>
    SparseTensors = 12,

    /// <summary>One type.</summary>
    ValueType = 13,

    /// <summary>Types.</summary>
    ValueTypes = 14,
}
