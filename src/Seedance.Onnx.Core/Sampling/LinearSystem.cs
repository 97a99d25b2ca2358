namespace Seedance.Onnx.Sampling;

/// <summary>Small square systems of linear equations.</summary>
internal static class LinearSystem
{
    /// <summary>Solves A x = b by Gaussian elimination with row pivots. Changes both arguments; the second becomes the answer.</summary>
    public static double[] Solve(double[,] a, double[] b)
    {
        for (int column = 0; column < b.Length; column++)
        {
            SwapRows(a, b, column, PivotRow(a, b.Length, column));
            for (int row = column + 1; row < b.Length; row++)
            {
                double factor = a[row, column] / a[column, column];
                for (int i = column; i < b.Length; i++)
                {
                    a[row, i] -= factor * a[column, i];
                }

                b[row] -= factor * b[column];
            }
        }

        for (int row = b.Length - 1; row >= 0; row--)
        {
            for (int i = row + 1; i < b.Length; i++)
            {
                b[row] -= a[row, i] * b[i];
            }

            b[row] /= a[row, row];
        }

        return b;
    }

    private static int PivotRow(double[,] a, int size, int column)
    {
        int pivot = column;
        for (int row = column + 1; row < size; row++)
        {
            pivot = Math.Abs(a[row, column]) > Math.Abs(a[pivot, column]) ? row : pivot;
        }

        return pivot;
    }

    private static void SwapRows(double[,] a, double[] b, int first, int second)
    {
        (b[first], b[second]) = (b[second], b[first]);
        for (int i = 0; i < b.Length; i++)
        {
            (a[first, i], a[second, i]) = (a[second, i], a[first, i]);
        }
    }
}
