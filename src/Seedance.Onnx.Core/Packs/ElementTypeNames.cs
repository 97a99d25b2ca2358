namespace Seedance.Onnx.Packs;

/// <summary>The names of element types as contracts write them.</summary>
public static class ElementTypeNames
{
    /// <summary>Every name: float32, float16, …, string.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<ElementType>().Select(ToName)];

    /// <summary>The name of a type.</summary>
    /// <param name="type">The type.</param>
    /// <returns>Its name, lower case.</returns>
    public static string ToName(this ElementType type) => type == ElementType.Text ? "string" : type.ToString().ToLowerInvariant();

    /// <summary>Whether a type holds floating-point numbers.</summary>
    /// <param name="type">The type.</param>
    /// <returns>True for float64, float32, float16 and bfloat16.</returns>
    public static bool IsFloat(this ElementType type) =>
        type is ElementType.Float32 or ElementType.Float16 or ElementType.BFloat16 or ElementType.Float64;

    /// <summary>Reads a type's name.</summary>
    /// <param name="name">One of <see cref="All"/>, in the same case; anything else, null too, is no name.</param>
    /// <param name="type">The type; <see cref="ElementType.Float32"/> when the answer is false.</param>
    /// <returns>Whether it is a type's name.</returns>
    public static bool TryParse(string? name, out ElementType type)
    {
        int index = All.ToList().IndexOf(name ?? "");
        type = index < 0 ? default : Enum.GetValues<ElementType>()[index];
        return index >= 0;
    }
}
