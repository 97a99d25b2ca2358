namespace Seedance.Onnx.Ort;

/// <summary>The places that a term can name: numbers as types.</summary>
internal static class RowPlaces
{
    /// <summary>The types, each at the number that it stands for.</summary>
    public static readonly Type[] All =
    [
        typeof(P0), typeof(P1), typeof(P2), typeof(P3), typeof(P4), typeof(P5), typeof(P6), typeof(P7), typeof(P8), typeof(P9), typeof(P10), typeof(P11), typeof(P12), typeof(P13), typeof(P14), typeof(P15),
    ];

    private readonly struct P0 : RowTerms.IPlace
    {
        public static int Index => 0;
    }

    private readonly struct P1 : RowTerms.IPlace
    {
        public static int Index => 1;
    }

    private readonly struct P2 : RowTerms.IPlace
    {
        public static int Index => 2;
    }

    private readonly struct P3 : RowTerms.IPlace
    {
        public static int Index => 3;
    }

    private readonly struct P4 : RowTerms.IPlace
    {
        public static int Index => 4;
    }

    private readonly struct P5 : RowTerms.IPlace
    {
        public static int Index => 5;
    }

    private readonly struct P6 : RowTerms.IPlace
    {
        public static int Index => 6;
    }

    private readonly struct P7 : RowTerms.IPlace
    {
        public static int Index => 7;
    }

    private readonly struct P8 : RowTerms.IPlace
    {
        public static int Index => 8;
    }

    private readonly struct P9 : RowTerms.IPlace
    {
        public static int Index => 9;
    }

    private readonly struct P10 : RowTerms.IPlace
    {
        public static int Index => 10;
    }

    private readonly struct P11 : RowTerms.IPlace
    {
        public static int Index => 11;
    }

    private readonly struct P12 : RowTerms.IPlace
    {
        public static int Index => 12;
    }

    private readonly struct P13 : RowTerms.IPlace
    {
        public static int Index => 13;
    }

    private readonly struct P14 : RowTerms.IPlace
    {
        public static int Index => 14;
    }

    private readonly struct P15 : RowTerms.IPlace
    {
        public static int Index => 15;
    }
}
