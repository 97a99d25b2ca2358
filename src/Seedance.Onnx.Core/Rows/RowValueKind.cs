namespace Seedance.Onnx.Rows;

/// <summary>Where a <see cref="RowValue"/> stands. Its letter in a program's text is the first of the member's, in small; a number stands for itself.</summary>
public enum RowValueKind
{
    /// <summary>A number of the program, the same for all rows.</summary>
    Number,

    /// <summary>The row of an input tensor.</summary>
    Input,

    /// <summary>A row that a step left for later ones.</summary>
    Temporary,

    /// <summary>The row of an output tensor.</summary>
    Output,
}
