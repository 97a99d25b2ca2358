using System.Diagnostics.CodeAnalysis;

namespace Seedance.Onnx.Packs;

/// <summary>The type of a tensor's elements, named in a contract as here in lower case; Text is "string".</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The names of ONNX's element types are the subject.")]
public enum ElementType
{
    /// <summary>"float32".</summary>
    Float32,

    /// <summary>"float16".</summary>
    Float16,

    /// <summary>"bfloat16".</summary>
    BFloat16,

    /// <summary>"float64".</summary>
    Float64,

    /// <summary>"int64".</summary>
    Int64,

    /// <summary>"int32".</summary>
    Int32,

    /// <summary>"int8".</summary>
    Int8,

    /// <summary>"uint8".</summary>
    UInt8,

    /// <summary>"bool".</summary>
    Bool,

    /// <summary>"string".</summary>
    Text,
}
