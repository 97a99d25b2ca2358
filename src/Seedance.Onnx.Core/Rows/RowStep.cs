using System.Collections.Immutable;

namespace Seedance.Onnx.Rows;

/// <summary>One step of a <see cref="RowProgram"/>: "t0 = mul(i1, i2)".</summary>
/// <param name="Target">Where the row it makes goes, a temporary or an output that no other step makes.</param>
/// <param name="Operation">What it computes.</param>
/// <param name="Values">What it reads, in the order of the operation's formula.</param>
public sealed record RowStep(RowValue Target, RowOperation Operation, ImmutableArray<RowValue> Values)
{
    /// <summary>How many values an operation reads.</summary>
    /// <param name="operation">The operation.</param>
    /// <returns>Their number.</returns>
    public static int Arity(RowOperation operation) => operation is RowOperation.MulAdd or RowOperation.Rotate ? 3 : 2;

    /// <summary>Reads a step's text.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The step.</returns>
    /// <exception cref="FormatException">It is none.</exception>
    public static RowStep Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split(['=', '(', ')'], StringSplitOptions.TrimEntries);
        if (parts is not [var target, var name, var values, ""] || !Enum.TryParse(name, ignoreCase: true, out RowOperation operation) || int.TryParse(name, out _))
        {
            throw new FormatException($"A step must be like 't0 = mul(i1, i2)' with one of {string.Join(", ", Enum.GetNames<RowOperation>()).ToLowerInvariant()}, but is '{text.Trim()}'.");
        }

        RowStep step = new(RowValue.Parse(target), operation, [.. values.Split(',', StringSplitOptions.TrimEntries).Select(RowValue.Parse)]);
        return step.Values.Length == Arity(operation)
            ? step
            : throw new FormatException($"'{name}' must have {Arity(operation)} values, but has {step.Values.Length} in '{text.Trim()}'.");
    }

    /// <summary>The step as a program has it.</summary>
    /// <returns>Its text.</returns>
    public override string ToString() => $"{Target} = {Operation.ToString().ToLowerInvariant()}({string.Join(", ", Values)})";
}
